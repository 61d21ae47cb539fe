#include "metrics/unicode.h"

#include <unicode/locid.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

namespace gptask {
namespace {

icu::UnicodeString units_of(std::u32string_view text) {
  return icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(text.data()),
                                       static_cast<std::int32_t>(text.size()));
}

std::u32string points_of(const icu::UnicodeString& units) {
  std::u32string points;
  points.reserve(static_cast<std::size_t>(units.length()));
  for (std::int32_t i = 0; i < units.length(); i = units.moveIndex32(i, 1))
    points.push_back(static_cast<char32_t>(units.char32At(i)));
  return points;
}

}  // namespace

std::u32string decode(std::string_view text) {
  return points_of(icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size()))));
}

std::string encode(std::u32string_view text) {
  std::string bytes;
  return units_of(text).toUTF8String(bytes);
}

std::u32string lower(std::u32string text) {
  if (std::any_of(text.begin(), text.end(), [](char32_t c) { return c >= 0x80; })) {
    icu::UnicodeString units = units_of(text);
    return points_of(units.toLower(icu::Locale::getRoot()));
  }
  for (char32_t& c : text)
    if (c >= U'A' && c <= U'Z') c += 32;
  return text;
}

bool is_space(char32_t c) noexcept {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_word(char32_t c) noexcept {
  const auto point = static_cast<UChar32>(c);
  return c == U'_' || u_isalpha(point) != 0 || u_getIntPropertyValue(point, UCHAR_NUMERIC_TYPE) != U_NT_NONE;
}

std::u32string_view strip_right(std::u32string_view text) noexcept {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::u32string_view strip(std::u32string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return strip_right(text);
}

std::vector<std::u32string_view> split(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    while (begin < text.size() && is_space(text[begin])) ++begin;
    end = begin;
    while (end < text.size() && !is_space(text[end])) ++end;
    if (end > begin) words.push_back(text.substr(begin, end - begin));
  }
  return words;
}

std::uint32_t Vocabulary::id(std::u32string_view word) {
  return ids_.try_emplace(std::u32string(word), static_cast<std::uint32_t>(ids_.size())).first->second;
}

std::vector<std::uint32_t> Vocabulary::ids(const std::vector<std::u32string_view>& words) {
  std::vector<std::uint32_t> ids;
  ids.reserve(words.size());
  for (const std::u32string_view word : words) ids.push_back(id(word));
  return ids;
}

}  // namespace gptask
