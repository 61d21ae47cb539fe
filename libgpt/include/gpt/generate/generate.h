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
class Threads;

enum class StopReason {
  end_token,
  max_new_tokens,
  context,    ///< the model's context is full
  requested,  ///< GenerateCallbacks::stop_requested said so
};

/// One prompt's continuation.
struct Generation {
  std::vector<std::int32_t> tokens;  ///< the end token, where one came, last
  double score = 0;                  ///< of a beam search: log-probability / tokens^length_penalty
  StopReason reason = StopReason::requested;
};

/// Called one at a time, between two steps; each may be empty.
struct GenerateCallbacks {
  /// A token of prompt `prompt` is certain: at once without beams, at the end with them.
  std::function<void(std::size_t prompt, std::int32_t token)> token = {};
  std::function<void(std::size_t prompt, const Generation& generation)> finished = {};
  /// True: what was reached is returned, with StopReason::requested.
  std::function<bool()> stop_requested = {};
};

/// Continues each prompt as Transformers 5 does (greedily, or by beam search), in the prompts' order. Up to batch_size
/// prompts are decoded together without padding, and the next one enters as soon as one is done; a prompt's result does
/// not depend on its company beyond the rounding of matrix products. Errors: invalid_option (an option, a prompt that
/// is empty or leaves no room in the context), mismatch (a token outside the vocabulary), diverged (logits that are not
/// numbers), not_found (no output projection).
std::vector<Generation> generate(const Decoder& decoder, std::span<const std::vector<std::int32_t>> prompts,
                                 const GenerateOptions& options, Threads& threads,
                                 const GenerateCallbacks& callbacks = {});

}  // namespace gpt
