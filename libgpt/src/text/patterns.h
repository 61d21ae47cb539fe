// The regular expressions we know, by their text.
#pragma once

#include <optional>
#include <string_view>

#include "text/spec.h"

namespace gpt::text {

/// As a tokenizer.json writes it.
std::string_view regex_of(Split split);
/// nullopt for a regular expression we have no state machine for.
std::optional<Split> split_of(std::string_view regex);

}  // namespace gpt::text
