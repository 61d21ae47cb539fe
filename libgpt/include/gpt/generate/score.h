// How likely a text is: log-probabilities of its tokens.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "gpt/model/config.h"
#include "gpt/ops/attention.h"

namespace gpt {

class Decoder;
class Threads;

struct ScoreOptions {
  std::int64_t window = 0;  ///< most tokens the model sees at once; 0: its context
  std::int64_t stride = 0;  ///< how far the window moves in a longer text; 0: half the window
  /// Below float32 keys and values are read back as a cache of that type holds them while text is generated.
  CacheType cache_type = CacheType::float32;
};

/// log p(token i | the tokens before it) for i = 1 ... tokens - 1, natural logarithms. In a text longer than the
/// window, windows begin every `stride` tokens and each scores what the one before it did not reach, so that every
/// token but those of the first window sees at least window - stride others (the sliding window of Transformers' guide
/// to perplexity). `progress` is told how many tokens are scored, between two passes; where it returns false the rest
/// is left out. Errors: invalid_option (sizes, no token), mismatch (a token outside the vocabulary, by its place).
std::vector<float> score(const Decoder& decoder, std::span<const std::int32_t> tokens, const ScoreOptions& options,
                         Threads& threads, const std::function<bool(std::size_t)>& progress = {});

/// Bytes that score() takes at its peak for so many tokens, beside the weights. The same errors of the sizes.
std::int64_t scoring_bytes(const ModelConfig& config, std::int64_t tokens, const ScoreOptions& options, int threads);

/// log p of every token of the vocabulary after these tokens. The same errors.
std::vector<float> next_token(const Decoder& decoder, std::span<const std::int32_t> tokens, Threads& threads);

}  // namespace gpt
