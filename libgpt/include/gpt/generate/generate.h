// Prompts -> continuations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "gpt/generate/options.h"

namespace gpt {

class Decoder;
class PromptCache;
class Threads;

enum class StopReason {
  end_token,
  stop_string,
  max_new_tokens,
  context,    ///< the model's context is full
  requested,  ///< GenerateCallbacks::stop_requested said so
};
/// "end_token", ...
const char* stop_reason_name(StopReason reason) noexcept;

struct TokenScore {
  std::int32_t token;
  float log_probability;
};

/// One prompt's continuation.
struct Generation {
  std::vector<std::int32_t> tokens;  ///< the end token or those of a stop string, where one came, last
  double score = 0;                  ///< of a beam search: log-probability / tokens^length_penalty
  StopReason reason = StopReason::requested;
  std::vector<float> log_probabilities = {};                        ///< one a token, where the options ask
  std::vector<std::vector<TokenScore>> top_log_probabilities = {};  ///< the likeliest at each place, likeliest first
};

/// Called one at a time, between two steps; each may be empty. `index` is the place of the continuation in the result:
/// the prompt's where each has one.
struct GenerateCallbacks {
  /// A token is certain: at once without beams, at the end with them.
  std::function<void(std::size_t index, std::int32_t token)> token = {};
  std::function<void(std::size_t index, const Generation& generation)> finished = {};
  /// True: what was reached is returned, with StopReason::requested.
  std::function<bool()> stop_requested = {};
};

/// Continues each prompt as Transformers 5 does (greedily, by sampling, or by beam search), in the prompts' order,
/// num_return_sequences continuations for each. Up to batch_size prompts are decoded together without padding, and the
/// next one enters as soon as one is done; a prompt's result does not depend on its company beyond the rounding of
/// matrix products. Errors: invalid_option (an option, a prompt that is empty or leaves no room in the context),
/// mismatch (a token outside the vocabulary), diverged (logits that are not numbers), not_found (no output projection).
std::vector<Generation> generate(const Decoder& decoder, std::span<const std::vector<std::int32_t>> prompts,
                                 const GenerateOptions& options, Threads& threads,
                                 const GenerateCallbacks& callbacks = {});

/// One continuation of one prompt. What the cache holds of the prompt's beginning is not computed again, and afterwards
/// the cache holds the prompt and the continuation. Error invalid_option for several beams or sequences.
Generation generate(const Decoder& decoder, const std::vector<std::int32_t>& prompt, const GenerateOptions& options,
                    Threads& threads, const GenerateCallbacks& callbacks, PromptCache& cache);

}  // namespace gpt
