// The start, delimiter and extract tokens of the first GPT paper (Radford et al., "Improving Language Understanding by
// Generative Pre-Training", 2018, section 3.3): special tokens in the input of any task.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gpt/core/options.h"
#include "gpt/text/tokenizer.h"

namespace gptask {

/// Their names, such as <|start|>; empty: none.
struct SpecialTokens {
  std::string start;      ///< before the input
  std::string delimiter;  ///< between its parts
  std::string extract;    ///< after it, where the head looks

  /// --start_token, --delimiter_token and --extract_token; the help says what the last two do in this task.
  static void declare(gpt::Options& options, const std::string& delimiter, const std::string& extract);
  /// Takes over those that are given.
  void configure(const gpt::Options& options);
  /// Those that are set, for Task::new_tokens.
  std::vector<std::string> names() const;
  /// {"start", "delimiter", "extract"}
  nlohmann::ordered_json state() const;
  /// Of a task's state, where they are called "tokens"; states of earlier versions may lack them.
  void restore(const nlohmann::ordered_json& task_state);
};

/// The id of such a token; none for "". Error mismatch where the tokenizer lacks it.
std::optional<std::int32_t> special_token(const gpt::Tokenizer& tokenizer, const std::string& name);

}  // namespace gptask
