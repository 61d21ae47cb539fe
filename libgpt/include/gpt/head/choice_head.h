// Heads that choose between sequences of one example: by a trained score, or by how likely each is.
#pragma once

#include "gpt/head/head.h"

namespace gpt {

/// The multiple-choice head of the first GPT paper (Radford et al., "Improving language understanding by generative
/// pre-training", 2018): a linear map gives each sequence of an example a score from its last token, a softmax over the
/// sequences compares them. Outputs are [examples, most_choices]; choices that an example does not have score -1e30.
class ChoiceHead final : public Head {
 public:
  /// classifier.weight is [1, hidden], normal with this deviation, as Transformers' *ForMultipleChoice name it.
  ChoiceHead(std::int64_t hidden, std::int64_t most_choices, float deviation, Random& random);
  /// Error mismatch for an example with more sequences than most_choices.
  Variable forward(const Hidden& hidden, const Batch& batch) override;
  std::string looks_at() const override { return "the last token of each choice"; }

 private:
  std::int64_t most_choices_;
  Parameter& weight_;
};

/// How likely the language model takes each sequence of an example to be: the sum of the log-probabilities of its
/// tokens from Target::loss_from on. Nothing is trained. Outputs as ChoiceHead's.
class LikelihoodHead final : public Head {
 public:
  LikelihoodHead(Parameter& projection, std::int64_t most_choices)
      : projection_(projection), most_choices_(most_choices) {}
  Variable forward(const Hidden& hidden, const Batch& batch) override;
  std::string looks_at() const override { return "the tokens of each choice, each predicted from those before it"; }

 private:
  Parameter& projection_;
  std::int64_t most_choices_;
};

}  // namespace gpt
