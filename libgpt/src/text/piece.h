// A stretch of text on its way through the stages, with the way back to the original.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/unicode.h"

namespace gpt::text {

/// `alignment` is null while the text is as the original has it (then byte i is byte origin + i there), and where no
/// offsets are wanted. Else it holds, for every byte of text, the original bytes of its character.
struct Piece {
  std::string_view text;
  std::uint32_t origin = 0;  ///< where the piece begins in the original, also after changes of its text
  const Range* alignment = nullptr;

  Piece part(std::size_t begin, std::size_t end) const {
    const std::uint32_t start =
        alignment != nullptr && begin < end ? alignment[begin].begin : origin + static_cast<std::uint32_t>(begin);
    return {text.substr(begin, end - begin), start, alignment != nullptr ? alignment + begin : nullptr};
  }
  /// The original bytes of text[begin, end), begin < end, widened to whole characters.
  Range original(std::size_t begin, std::size_t end) const {
    if (alignment != nullptr) return {alignment[begin].begin, alignment[end - 1].end};
    while (is_continuation(text[begin])) --begin;
    while (end < text.size() && is_continuation(text[end])) ++end;
    return {origin + static_cast<std::uint32_t>(begin), origin + static_cast<std::uint32_t>(end)};
  }
};

/// A piece whose text was changed: owns what a Piece points to. Without alignment where no offsets are wanted.
struct ChangedText {
  std::string text;
  std::vector<Range> alignment;

  Piece piece(std::uint32_t origin) const { return {text, origin, alignment.empty() ? nullptr : alignment.data()}; }

  /// Appends piece.text[begin, end) as it is.
  void append(const Piece& piece, std::size_t begin, std::size_t end, bool aligned) {
    text.append(piece.text, begin, end - begin);
    if (!aligned) return;
    if (piece.alignment != nullptr) {
      alignment.insert(alignment.end(), piece.alignment + begin, piece.alignment + end);
      return;
    }
    const std::size_t done = alignment.size();
    alignment.resize(done + end - begin);
    Range* place = alignment.data() + done;
    for (std::size_t i = begin; i < end;) {
      const std::uint32_t size = utf8_size(piece.text[i]);
      const auto at = piece.origin + static_cast<std::uint32_t>(i);
      for (std::uint32_t byte = 0; byte < size; ++byte) *place++ = {at, at + size};
      i += size;
    }
  }
  /// Appends text that stands at one place of the original.
  void append(std::string_view content, Range place, bool aligned) {
    text += content;
    if (aligned) alignment.resize(text.size(), place);
  }
};

}  // namespace gpt::text
