// How to generate, in Transformers' names (GenerationConfig).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gpt/ops/attention.h"

namespace gpt {

class Tokenizer;

/// When a beam search with num_beams finished hypotheses ends.
enum class EarlyStopping {
  no,     ///< when the best running beam, were it to end now, would not beat the worst of them
  yes,    ///< at once
  never,  ///< when no running beam can beat them at any length (needs a positive length_penalty to differ from `no`)
};

struct GenerateOptions {
  std::int32_t max_new_tokens = 20;  ///< fewer where the model's context ends
  std::int32_t min_new_tokens = 0;   ///< no end token before this many

  /// Draws the next token by its probability; otherwise the likeliest one is taken and temperature, top_k, top_p, min_p
  /// and seed are not read.
  bool do_sample = false;
  double temperature = 1;   ///< divides the logits
  std::int32_t top_k = 50;  ///< only so many likeliest tokens; 0: all
  double top_p = 1;         ///< only the likeliest tokens that together have this probability
  double min_p = 0;         ///< only tokens at least this part as likely as the likeliest
  /// Of the random numbers. A prompt's draws depend on the seed, the prompt and the sample's number alone, not on
  /// threads or on the other prompts.
  std::uint64_t seed = 42;
  std::int32_t num_return_sequences = 1;  ///< continuations of each prompt; samples, or the best of the beams

  std::int32_t num_beams = 1;  ///< 1: no beam search
  double length_penalty = 1;   ///< a hypothesis scores log-probability / tokens^length_penalty
  EarlyStopping early_stopping = EarlyStopping::no;
  double repetition_penalty = 1;          ///< divides positive scores of tokens seen before, multiplies negative ones
  double presence_penalty = 0;            ///< taken off the logit of a token that was written before
  double frequency_penalty = 0;           ///< the same, once for each time; both leave the prompt out of account
  std::int32_t no_repeat_ngram_size = 0;  ///< no n-gram of this size occurs twice, the prompt's counted; 0: they may
  /// Tokens that end a continuation; unset: the model's own. An empty list: none does.
  std::optional<std::vector<std::int32_t>> eos_token_id = {};
  /// Texts that end a continuation, wherever tokens begin and end; they need the tokenizer. A text that reaches into a
  /// special token is found only inside it.
  std::vector<std::string> stop_strings = {};
  const Tokenizer* tokenizer = nullptr;
  /// Whether each token's log-probability is wanted, and how many of the likeliest tokens beside it: those of the
  /// model, before any rule above changes them.
  bool log_probabilities = false;
  std::int32_t top_log_probabilities = 0;
  std::int32_t batch_size = 8;                ///< prompts in work at once
  CacheType cache_type = CacheType::float32;  ///< how keys and values are held; a PromptCache has its own
};

}  // namespace gpt
