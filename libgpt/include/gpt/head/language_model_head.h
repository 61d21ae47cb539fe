// The language-model head: every token predicts the next one.
#pragma once

#include "gpt/head/head.h"

namespace gpt {

/// Its weight is the decoder's output projection. Outputs are the hidden states themselves (the loss makes logits in
/// chunks); targets start at Target::loss_from of each sequence.
class LanguageModelHead final : public Head {
 public:
  explicit LanguageModelHead(Parameter& projection) : projection_(projection) {}
  Variable forward(const Hidden& hidden, const Batch& batch) override;
  Variable loss(const Variable& outputs, const Batch& batch, float scale) override;
  std::int64_t loss_terms(const Batch& batch) const override;
  bool per_token() const override { return true; }
  std::string looks_at() const override { return "the tokens after the prompt, each predicted from those before it"; }

 private:
  Parameter& projection_;
};

/// For each row of a batch the token that follows in its sequence, -1 where there is none or it comes before loss_from.
std::vector<std::int32_t> next_tokens(const Batch& batch);

}  // namespace gpt
