// How the next tokens of one prompt are chosen. A search sees logits only: model, cache and batching are others' work.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "generate/logits_processors.h"
#include "gpt/generate/generate.h"

namespace gpt {

/// What all searches of a call share.
struct SearchRules {
  GenerateOptions options;
  std::vector<std::int32_t> end_tokens;
  LogitsProcessors processors;
  std::int64_t context, vocabulary;

  bool ends(std::int32_t token) const;
  /// The most new tokens after a prompt, and why there are no more.
  std::int32_t most_new(std::size_t prompt) const;
  StopReason reason(std::size_t prompt, std::int32_t last) const;
};

/// A row of the next step: the sequence that was row `parent` in this one, and `token` after it.
struct Continuation {
  std::int32_t parent, token;
};

/// Begins with one row, the prompt.
class Search {
 public:
  virtual ~Search();
  /// Scores of the next token for each row of this step, [rows, vocabulary], which it may overwrite. Returns the rows
  /// of the next step, none when the search is done. Called by any thread, by one at a time. Error diverged for logits
  /// that are not numbers.
  virtual std::vector<Continuation> step(std::span<float> logits) = 0;
  /// New tokens that are certain already.
  virtual std::span<const std::int32_t> certain() const = 0;
  /// The best continuation so far; final once step returned none.
  virtual Generation result() const = 0;
};

/// The likeliest token at every step.
std::unique_ptr<Search> greedy_search(std::span<const std::int32_t> prompt, const SearchRules& rules);
/// The num_beams likeliest sequences side by side.
std::unique_ptr<Search> beam_search(std::span<const std::int32_t> prompt, const SearchRules& rules);

}  // namespace gpt
