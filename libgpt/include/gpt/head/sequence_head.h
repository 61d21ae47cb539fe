// A head with a row of outputs an example, from its last token: classes, labels of which several hold, or numbers.
#pragma once

#include <string>
#include <vector>

#include "gpt/head/head.h"

namespace gpt {

/// What the outputs are, and the loss that trains them.
enum class SequenceLoss {
  cross_entropy,         ///< classes: softmax against Target::label
  binary_cross_entropy,  ///< labels of which several hold: sigmoids against Target::values, 0 or 1 an output
  squared_error,         ///< regression: against Target::values, a number an output
};

struct SequenceHeadOptions {
  SequenceLoss loss = SequenceLoss::cross_entropy;
  bool bias = false;                      ///< Transformers' *ForSequenceClassification have none
  std::string name = "score";             ///< of the weight, NAME.weight, and the bias
  std::vector<float> class_weights = {};  ///< cross entropy: a factor a class (see CrossEntropyOptions)
  float label_smoothing = 0;
};

/// The head of Transformers' *ForSequenceClassification: a linear map of the last token's hidden state; of an example
/// of several sequences (both orders of a pair: Radford et al., 2018, section 3.3) a map of the sum of them. Losses are
/// means over examples (with class weights divided by their sum) and over outputs, as Transformers computes them;
/// examples without a target do not count.
class SequenceHead : public Head {
 public:
  /// NAME.weight is [outputs, hidden], normal with this deviation; NAME.bias zero.
  SequenceHead(std::int64_t hidden, std::int64_t outputs, float deviation, Random& random,
               SequenceHeadOptions options = {});
  /// [examples, outputs]
  Variable forward(const Hidden& hidden, const Batch& batch) override;
  /// Errors: mismatch for a target that does not fit, invalid_option for class weights or smoothing out of range.
  Variable loss(const Variable& outputs, const Batch& batch, float scale) override;
  std::int64_t loss_terms(const Batch& batch) const override;
  double loss_divisor(const Batch& batch) const override;
  Reads reads() const override { return Reads::last; }

 private:
  SequenceHeadOptions options_;
  Parameter& weight_;
  Parameter* bias_;
};

}  // namespace gpt
