// The head of Transformers' *ForSequenceClassification: a linear map of the last token's hidden state, without bias.
#pragma once

#include "gpt/head/head.h"

namespace gptask {

class ClassificationHead : public gpt::Head {
 public:
  /// score.weight is [labels, hidden], normal with this deviation.
  ClassificationHead(std::int64_t hidden, std::int64_t labels, float deviation, gpt::Random& random);
  /// [sequences, labels]
  gpt::Variable forward(const gpt::Hidden& hidden, const gpt::Batch& batch) override;

 private:
  gpt::Parameter& weight_;
};

}  // namespace gptask
