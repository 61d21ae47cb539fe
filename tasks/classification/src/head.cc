#include "gptask/classification/head.h"

#include "gpt/ops/linear.h"
#include "gpt/ops/pool.h"

namespace gptask {

ClassificationHead::ClassificationHead(std::int64_t hidden, std::int64_t labels, float deviation, gpt::Random& random)
    : weight_(parameter("score.weight", gpt::Shape::matrix(labels, hidden), deviation, random)) {}

gpt::Variable ClassificationHead::forward(const gpt::Hidden& hidden, const gpt::Batch& batch) {
  return gpt::linear(gpt::pool_last(hidden.states, batch), weight_, nullptr);
}

}  // namespace gptask
