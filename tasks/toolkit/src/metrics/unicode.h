// Text as Python's str sees it, which the scorers of others are written in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gptask {

/// Code points; a byte that is no UTF-8 becomes U+FFFD.
std::u32string decode(std::string_view text);
std::string encode(std::u32string_view text);

/// str.lower(): full mappings, final sigma too.
std::u32string lower(std::u32string text);

bool is_space(char32_t c) noexcept;  ///< str.isspace()
bool is_word(char32_t c) noexcept;   ///< what \w matches: a letter, a number, the underscore

std::u32string_view strip_right(std::u32string_view text) noexcept;
std::u32string_view strip(std::u32string_view text) noexcept;
/// str.split(): runs of white space separate.
std::vector<std::u32string_view> split(std::u32string_view text);

/// Numbers for words: equal words have equal numbers.
class Vocabulary {
 public:
  std::uint32_t id(std::u32string_view word);
  std::vector<std::uint32_t> ids(const std::vector<std::u32string_view>& words);

 private:
  std::unordered_map<std::u32string, std::uint32_t> ids_;
};

}  // namespace gptask
