// How to generate, in Transformers' names (GenerationConfig).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace gpt {

/// When a beam search with num_beams finished hypotheses ends.
enum class EarlyStopping {
  no,     ///< when the best running beam, were it to end now, would not beat the worst of them
  yes,    ///< at once
  never,  ///< when no running beam can beat them at any length (needs a positive length_penalty to differ from `no`)
};

struct GenerateOptions {
  std::int32_t max_new_tokens = 20;  ///< fewer where the model's context ends
  std::int32_t min_new_tokens = 0;   ///< no end token before this many
  std::int32_t num_beams = 1;        ///< 1: greedy
  double length_penalty = 1;         ///< a hypothesis scores log-probability / tokens^length_penalty
  EarlyStopping early_stopping = EarlyStopping::no;
  double repetition_penalty = 1;          ///< divides positive scores of tokens seen before, multiplies negative ones
  std::int32_t no_repeat_ngram_size = 0;  ///< no n-gram of this size occurs twice, the prompt's counted; 0: they may
  /// Tokens that end a continuation; unset: the model's own. An empty list: none does.
  std::optional<std::vector<std::int32_t>> eos_token_id = {};
  std::int32_t batch_size = 8;  ///< prompts in work at once
};

}  // namespace gpt
