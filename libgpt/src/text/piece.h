// A stretch of text on its way through the stages, with the way back to the original.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/unicode.h"

namespace gpt::text {

/// `alignment` is null while the text is as the original has it: then byte i is byte origin + i there. Else it holds,
/// for every byte of text, the original bytes of its character.
struct Piece {
  std::string_view text;
  std::uint32_t origin = 0;
  const Range* alignment = nullptr;

  Piece part(std::size_t begin, std::size_t end) const {
    return {text.substr(begin, end - begin), alignment != nullptr ? origin : origin + static_cast<std::uint32_t>(begin),
            alignment != nullptr ? alignment + begin : nullptr};
  }
  /// The original bytes of text[begin, end), begin < end, widened to whole characters.
  Range original(std::size_t begin, std::size_t end) const {
    if (alignment != nullptr) return {alignment[begin].begin, alignment[end - 1].end};
    while (is_continuation(text[begin])) --begin;
    while (end < text.size() && is_continuation(text[end])) ++end;
    return {origin + static_cast<std::uint32_t>(begin), origin + static_cast<std::uint32_t>(end)};
  }
};

/// A piece whose text was changed: owns what a Piece points to.
struct ChangedText {
  std::string text;
  std::vector<Range> alignment;

  Piece piece(std::uint32_t origin) const { return {text, origin, alignment.data()}; }
};

}  // namespace gpt::text
