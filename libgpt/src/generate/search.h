// How the next tokens of one prompt are chosen. A search sees logits only: model, cache and batching are others' work.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "generate/logits_processors.h"
#include "gpt/generate/generate.h"
#include "gpt/generate/text_stream.h"

namespace gpt {

constexpr std::int64_t kStepTokens = 2048;  // new prompts wait when a step has this many tokens

/// What all searches of a call share.
struct SearchRules {
  GenerateOptions options;
  std::vector<std::int32_t> end_tokens;
  LogitsProcessors processors;
  std::int64_t context, vocabulary;

  bool ends(std::int32_t token) const;
  /// The most new tokens after a prompt, and why there are no more.
  std::int32_t most_new(std::size_t prompt) const;
  StopReason reason(std::size_t prompt, std::int32_t last, bool stop_string) const;
};

/// Whether a stop string has come among the tokens of one sequence. Copyable.
class StopWatch {
 public:
  StopWatch(std::span<const std::int32_t> prompt, const SearchRules& rules);
  /// Takes in a token; true once the text has a stop string.
  bool stops(std::int32_t token);
  bool stopped() const { return text_ && text_->stopped(); }

 private:
  std::optional<TextStream> text_;  // none where there are no stop strings
};

/// Log-probabilities of the tokens of one sequence, as the options ask for them. Copyable.
class TokenLog {
 public:
  /// The model's scores of one place, before any rule changes them. Error diverged for logits that are not numbers.
  void note(const SearchRules& rules, std::span<const float> logits);
  /// The token that was chosen there.
  void chose(std::int32_t token);
  void write(Generation& generation) const;

 private:
  std::vector<float> scores_;  // of the last place, as log-probabilities
  std::vector<TokenScore> top_;
  std::vector<float> chosen_;
  std::vector<std::vector<TokenScore>> tops_;
};

/// A row of the next step: the sequence that was row `parent` in this one, and `token` after it.
struct Continuation {
  std::int32_t parent, token;
};

/// Begins with one row, the prompt, and ends with num_return_sequences sequences.
class Search {
 public:
  virtual ~Search();
  /// Scores of the next token for each row of this step, [rows, vocabulary], which it may overwrite. Returns the rows
  /// of the next step, none when the search is done. Called by any thread, by one at a time. Error diverged for logits
  /// that are not numbers.
  virtual std::vector<Continuation> step(std::span<float> logits) = 0;
  /// New tokens of a sequence that are certain already.
  virtual std::span<const std::int32_t> certain(std::size_t sequence) const = 0;
  /// The sequence so far; final once step returned none.
  virtual Generation result(std::size_t sequence) const = 0;
};

/// Sequences that go on one by one: by the likeliest token at every step, or by one that is drawn.
std::unique_ptr<Search> single_search(std::span<const std::int32_t> prompt, const SearchRules& rules);
/// The num_beams likeliest sequences side by side.
std::unique_ptr<Search> beam_search(std::span<const std::int32_t> prompt, const SearchRules& rules);

}  // namespace gpt
