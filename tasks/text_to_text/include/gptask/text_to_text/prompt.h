// A source and its target as one sequence of tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/ops/batch.h"
#include "gpt/text/tokenizer.h"
#include "gptask/toolkit/special_tokens.h"

namespace gptask {

struct PromptOptions {
  std::string text;                       ///< the template; {source} stands for the source
  SpecialTokens tokens;                   ///< before all, after the source, and where the model begins to write
  std::int64_t max_source_length = 1024;  ///< tokens; 0: what the model has room for
  std::int64_t max_target_length = 128;
};

/// Builds "before source after" + " target" + end of text. The three parts of the prompt are tokenized one by one, so
/// that a source can be cut to any length without touching what stands around it.
class Prompt {
 public:
  /// Errors: invalid_option where the template lacks {source} or leaves no room for a source.
  Prompt(const PromptOptions& options, const gpt::Tokenizer& tokenizer, std::int64_t max_tokens);

  struct Built {
    gpt::Example example;
    bool source_cut = false, target_cut = false;
  };
  Built build(std::string_view source, const std::optional<std::string>& target) const;
  std::string text(std::string_view source) const { return before_ + std::string(source) + after_; }
  /// What was cut where Built says so, and which option asks for it.
  const std::string& source_limit() const noexcept { return source_limit_; }
  const std::string& target_limit() const noexcept { return target_limit_; }
  const gpt::Tokenizer& tokenizer() const noexcept { return *tokenizer_; }

 private:
  const gpt::Tokenizer* tokenizer_;  ///< outlives the prompt
  std::string source_limit_, target_limit_;
  std::string before_, after_;
  std::vector<std::int32_t> before_tokens_, after_tokens_;
  std::size_t source_room_, target_room_;
};

}  // namespace gptask
