// A head that finds spans: a start and an end score a token.
#pragma once

#include "gpt/head/head.h"

namespace gpt {

/// The head of Transformers' *ForQuestionAnswering: qa_outputs, a linear map with bias. The loss of a sequence is the
/// mean of the cross entropies of Target::first and Target::last over its tokens; a step's is the mean over sequences.
/// Sequences without a span (first = -1) do not count.
class SpanHead : public Head {
 public:
  /// qa_outputs.weight is [2, hidden], normal with this deviation; qa_outputs.bias [2] zero.
  SpanHead(std::int64_t hidden, float deviation, Random& random);
  /// [tokens, 2]: start and end logits.
  Variable forward(const Hidden& hidden, const Batch& batch) override;
  /// Error mismatch for a span outside its sequence.
  Variable loss(const Variable& outputs, const Batch& batch, float scale) override;
  std::int64_t loss_terms(const Batch& batch) const override;
  bool per_token() const override { return true; }
  std::string looks_at() const override {
    return "every token of the passage, a start and an end score each, and the last token, the score of no answer";
  }

 private:
  Parameter &weight_, &bias_;
};

}  // namespace gpt
