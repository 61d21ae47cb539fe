// Tercom's tokenizer.
#pragma once

#include <string>

#include "gptask/toolkit/ter.h"

namespace gptask {

/// The text with white space between its words.
std::u32string ter_tokenize(std::u32string text, const TerOptions& options);

}  // namespace gptask
