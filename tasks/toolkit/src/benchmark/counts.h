// What the measurements count, and what they work on.
#pragma once

#include <cstdint>
#include <vector>

#include "gptask/toolkit/benchmark.h"

namespace gptask {

/// Weights of the blocks that a token of a sequence of `length` meets, on average, where every row is asked for or the
/// last alone.
double weights_per_token(const gpt::Decoder::ProductWeights& weights, bool every_row, std::int64_t length);

/// How many keys a token sees, on average over a sequence.
double mean_keys(const gpt::ModelConfig& config, std::int64_t length);

/// Multiplications of scores and mixtures for a token that sees so many keys, in all layers.
double attention_multiplications(const gpt::ModelConfig& config, double keys);

std::vector<std::int32_t> random_tokens(std::int64_t count, std::int64_t vocabulary, std::uint64_t seed);

}  // namespace gptask
