#include "gpt/head/choice_head.h"

#include <numeric>

#include "gpt/ops/linear.h"
#include "gpt/ops/loss.h"
#include "gpt/ops/pool.h"
#include "gpt/ops/sum.h"

namespace gpt {
namespace {

/// The token that each row predicts, -1 where none of the scored ones.
std::vector<std::int32_t> scored_tokens(const Batch& batch) {
  std::vector<std::int32_t> tokens(batch.tokens.size(), -1);
  for (std::int32_t s = 0; s < batch.sequences(); ++s) {
    const std::int32_t begin = batch.offsets[static_cast<std::size_t>(s)],
                       end = batch.offsets[static_cast<std::size_t>(s) + 1];
    const std::int32_t first = std::max(1, batch.targets[static_cast<std::size_t>(s)].loss_from);
    for (std::int32_t t = begin + first; t < end; ++t)
      tokens[static_cast<std::size_t>(t) - 1] = batch.tokens[static_cast<std::size_t>(t)];
  }
  return tokens;
}

}  // namespace

ChoiceHead::ChoiceHead(std::int64_t hidden, std::int64_t most_choices, float deviation, Random& random)
    : most_choices_(most_choices),
      weight_(parameter("classifier.weight", Shape::matrix(1, hidden), deviation, random)) {}

Variable ChoiceHead::forward(const Hidden& hidden, const Batch& batch) {
  return spread_sequences(linear(pool_last(hidden.states, batch), weight_), batch, most_choices_);
}

Variable LikelihoodHead::forward(const Hidden& hidden, const Batch& batch) {
  Tape& tape = hidden.states.tape();
  const std::vector<float> scores = projected_log_probabilities(hidden.states, projection_, scored_tokens(batch));
  const Variable sums = tape.variable(tape.empty(batch.sequences(), 1), false);
  for (std::int32_t s = 0; s < batch.sequences(); ++s)
    sums.value().data()[s] = std::accumulate(scores.begin() + batch.offsets[static_cast<std::size_t>(s)],
                                             scores.begin() + batch.offsets[static_cast<std::size_t>(s) + 1], 0.0F);
  return spread_sequences(sums, batch, most_choices_);
}

}  // namespace gpt
