// The tokenizers of sacrebleu, which BLEU depends on as much as on its formula.
#pragma once

#include <string>

#include "gptask/toolkit/bleu.h"

namespace gptask {

/// The text with white space between its tokens.
std::u32string bleu_tokenize(std::u32string text, BleuTokenizer tokenizer);

/// Spaces around every character that a set holds.
template <typename Predicate>
std::u32string spaced(const std::u32string& text, Predicate&& in_set) {
  std::u32string result;
  result.reserve(text.size() * 2);
  for (const char32_t c : text) {
    const bool separate = in_set(c);
    if (separate) result += U' ';
    result += c;
    if (separate) result += U' ';
  }
  return result;
}

/// Each `from` replaced by `to`, from the left.
std::u32string replaced(std::u32string text, std::u32string_view from, std::u32string_view to);

/// The marks, brackets and signs of ASCII, except for comma, full stop, hyphen and apostrophe (the space counts too).
bool is_western_mark(char32_t c) noexcept;

/// Comma and full stop are tokens unless digits stand on both sides; so is a hyphen after a digit.
std::u32string separate_stops(const std::u32string& text);

}  // namespace gptask
