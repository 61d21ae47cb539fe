#include "gpt/head/language_model_head.h"

#include <algorithm>

#include "gpt/ops/loss.h"

namespace gpt {

std::vector<std::int32_t> next_tokens(const Batch& batch) {
  std::vector<std::int32_t> targets(batch.tokens.size(), -1);
  for (std::int32_t s = 0; s < batch.sequences(); ++s) {
    const auto first = static_cast<std::size_t>(batch.offsets[static_cast<std::size_t>(s)]);
    const std::int32_t from = std::max(batch.targets[static_cast<std::size_t>(s)].loss_from, 1);
    for (std::int32_t i = from; i < batch.length(s); ++i) {
      const std::size_t token = first + static_cast<std::size_t>(i);
      targets[token - 1] = batch.tokens[token];
    }
  }
  return targets;
}

Variable LanguageModelHead::forward(const Hidden& hidden, const Batch&) { return hidden.states; }

Variable LanguageModelHead::loss(const Variable& outputs, const Batch& batch, float scale) {
  return projected_cross_entropy(outputs, projection_, next_tokens(batch), scale);
}

std::int64_t LanguageModelHead::loss_terms(const Batch& batch) const {
  const std::vector<std::int32_t> targets = next_tokens(batch);
  return static_cast<std::int64_t>(targets.size()) - std::count(targets.begin(), targets.end(), -1);
}

}  // namespace gpt
