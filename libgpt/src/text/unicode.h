// UTF-8 and the few properties of characters that pre-tokenizers ask for.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/text/tokenizer.h"

namespace gpt::text {

/// What the regular expressions of byte-level tokenizers distinguish. Carriage return and line feed are white space
/// too.
enum class CharKind : std::uint8_t { other, letter, number, space, newline };

inline bool is_space(CharKind kind) { return kind >= CharKind::space; }

struct Char {
  CharKind kind;
  std::uint8_t size;  ///< bytes in UTF-8
};

/// Length of the character whose first byte is given; the text is valid.
inline std::uint8_t utf8_size(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return static_cast<std::uint8_t>(byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4);
}
inline bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// The character at `at` in valid UTF-8.
char32_t decode_utf8(const char* at);
void append_utf8(std::string& text, char32_t code_point);

/// Kinds of all code points in two levels: blocks of 256, equal ones kept once.
class CharTable {
 public:
  static const CharTable& instance();

  Char at(const char* text) const {
    const auto byte = static_cast<unsigned char>(*text);
    if (byte < 0x80) return {ascii_[byte], 1};
    return {kind(decode_utf8(text)), utf8_size(*text)};
  }
  CharKind kind(char32_t code_point) const { return blocks_[block_of_[code_point >> 8]][code_point & 0xFF]; }

 private:
  CharTable();
  using Block = std::array<CharKind, 256>;
  std::array<CharKind, 128> ascii_;
  std::array<std::uint8_t, 0x1100> block_of_;
  std::vector<Block> blocks_;
};

/// White_Space and the word characters (\w) of Unicode, as regular expressions have them.
bool is_white_space(char32_t code_point);
bool is_word(char32_t code_point);
/// All of ASCII's and the general category P as of Unicode 8, as the tokenizers library has it.
bool is_punctuation(char32_t code_point);

/// The first byte that is not part of valid UTF-8, or text.size().
std::size_t find_invalid_utf8(std::string_view text);

/// A text whose invalid bytes were replaced: each longest broken beginning of a character became one U+FFFD.
struct RepairedText {
  std::string text;
  /// Places where repaired and original text part: past each U+FFFD, (position in text, position in the original).
  std::vector<Range> anchors;

  /// A position at a character boundary of `text`, in the original.
  std::uint32_t original(std::uint32_t position) const;
};

RepairedText repair_utf8(std::string_view text);

/// Counts code points up to byte positions; fast where positions come close to each other.
class CodePointCounter {
 public:
  explicit CodePointCounter(std::string_view text) : text_(text) {}
  std::uint32_t at(std::uint32_t position);

 private:
  std::string_view text_;
  std::uint32_t position_ = 0, count_ = 0;
};

}  // namespace gpt::text
