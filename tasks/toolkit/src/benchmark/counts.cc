#include "benchmark/counts.h"

#include <algorithm>

#include "gpt/core/random.h"

namespace gptask {

double mean_keys(const gpt::ModelConfig& config, std::int64_t length) {
  const std::int64_t window = config.window > 0 ? std::min(config.window, length) : length;
  const auto all = static_cast<double>(length), seen = static_cast<double>(window);
  return (seen * (seen + 1) / 2 + (all - seen) * seen) / all;
}

double attention_multiplications(const gpt::ModelConfig& config, double keys) {
  return 2.0 * static_cast<double>(config.layers * config.heads * config.head_size) * keys;
}

double weights_per_token(const gpt::Decoder::ProductWeights& weights, bool every_row, std::int64_t length) {
  const double left_out = every_row ? 0 : 1 - 1 / static_cast<double>(length);
  return static_cast<double>(weights.blocks) - left_out * static_cast<double>(weights.last_rows);
}

double operations_per_token(const gpt::Decoder& decoder, const TrainingWork& work, bool training) {
  const gpt::ModelConfig& config = decoder.config();
  const gpt::Decoder::ProductWeights weights = decoder.product_weights();
  const bool backward = training && work.tuning != Tuning::head;
  const double for_weight = !backward ? 2 : work.tuning == Tuning::full ? 6 : 4;
  const double count = weights_per_token(weights, work.language_model, work.length) +
                       static_cast<double>(work.language_model ? weights.output : 0);
  return for_weight * count + (backward ? 6 : 2) * attention_multiplications(config, mean_keys(config, work.length));
}

std::vector<std::int32_t> random_tokens(std::int64_t count, std::int64_t vocabulary, std::uint64_t seed) {
  gpt::Random random(seed);
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(count));
  for (std::int32_t& token : tokens)
    token = static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(vocabulary)));
  return tokens;
}

}  // namespace gptask
