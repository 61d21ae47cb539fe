// The regular expressions we know, by their text.
#pragma once

#include <optional>
#include <string_view>

#include "text/spec.h"

namespace gpt::text {

/// The regular expressions that scanners.h has state machines for. Each matches every character of any text.
enum class Scanner {
  gpt2,    ///< GPT-2
  llama3,  ///< cl100k and Llama 3: numbers in groups of up to three digits
  qwen2,   ///< the same with single digits
};

/// As a tokenizer.json writes it.
std::string_view regex_of(Scanner scanner);
/// nullopt for a regular expression we have no state machine for.
std::optional<Scanner> scanner_of(std::string_view regex);

/// The step that isolates the scanner's matches.
PreTokenizerStep split_step(Scanner scanner);
PreTokenizerStep digits_step(bool each);

/// The same step in the one spelling that we write: two files that cut alike should have the same hash.
PreTokenizerStep canonical_step(PreTokenizerStep split);

}  // namespace gpt::text
