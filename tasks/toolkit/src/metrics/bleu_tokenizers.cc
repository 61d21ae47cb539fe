#include "metrics/bleu_tokenizers.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>

#include "metrics/unicode.h"

namespace gptask {
namespace {

bool is_digit(char32_t c) noexcept { return c >= U'0' && c <= U'9'; }
bool is_stop(char32_t c) noexcept { return c == U'.' || c == U','; }

/// re.sub(first second, ...): each pair of neighbours that matches gets a space before (or between) and after, from the
/// left, no character in two pairs.
template <typename First, typename Second>
std::u32string separate_pairs(const std::u32string& text, First&& first, Second&& second, bool mark_is_second) {
  std::u32string result;
  result.reserve(text.size() * 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i + 1 == text.size() || !first(text[i]) || !second(text[i + 1])) {
      result += text[i];
      continue;
    }
    if (!mark_is_second) result += U' ';
    result += text[i];
    result += U' ';
    result += text[++i];
    if (mark_is_second) result += U' ';
  }
  return result;
}

std::u32string western(const std::u32string& text) { return separate_stops(spaced(text, is_western_mark)); }

std::u32string tokenize_13a(std::u32string text) {
  text = replaced(std::move(text), U"<skipped>", U"");
  text = replaced(std::move(text), U"-\n", U"");
  std::replace(text.begin(), text.end(), U'\n', U' ');
  text = replaced(std::move(text), U"&quot;", U"\"");
  text = replaced(std::move(text), U"&amp;", U"&");
  text = replaced(std::move(text), U"&lt;", U"<");
  text = replaced(std::move(text), U"&gt;", U">");
  return western(U" " + text + U" ");
}

std::uint32_t category(char32_t c) { return U_GET_GC_MASK(static_cast<UChar32>(c)); }

std::u32string tokenize_intl(const std::u32string& text) {
  const auto no_number = [](char32_t c) { return (category(c) & U_GC_N_MASK) == 0; };
  const auto punctuation = [](char32_t c) { return (category(c) & U_GC_P_MASK) != 0; };
  std::u32string result = separate_pairs(text, no_number, punctuation, true);
  result = separate_pairs(result, punctuation, no_number, false);
  return spaced(result, [](char32_t c) { return (category(c) & U_GC_S_MASK) != 0; });
}

/// As sacrebleu compares: its two ranges beyond U+FFFF are strings of two characters there, so that they hold U+2001 to
/// U+2A6D and U+2F81 to U+2FA1 instead.
bool is_chinese(char32_t c) noexcept {
  static constexpr std::array<std::array<char32_t, 2>, 22> ranges = {{
      {0x3400, 0x4DB5}, {0x4E00, 0x9FA5}, {0x9FA6, 0x9FBB}, {0xF900, 0xFA2D}, {0xFA30, 0xFA6A}, {0xFA70, 0xFAD9},
      {0x2001, 0x2A6D}, {0x2F81, 0x2FA1}, {0xFF00, 0xFFEF}, {0x2E80, 0x2EFF}, {0x3000, 0x303F}, {0x31C0, 0x31EF},
      {0x2F00, 0x2FDF}, {0x2FF0, 0x2FFF}, {0x3100, 0x312F}, {0x31A0, 0x31BF}, {0xFE10, 0xFE1F}, {0xFE30, 0xFE4F},
      {0x2600, 0x26FF}, {0x2700, 0x27BF}, {0x3200, 0x32FF}, {0x3300, 0x33FF},
  }};
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) { return c >= range[0] && c <= range[1]; });
}

}  // namespace

std::u32string replaced(std::u32string text, std::u32string_view from, std::u32string_view to) {
  for (std::size_t at = text.find(from); at != std::u32string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

bool is_western_mark(char32_t c) noexcept {
  return (c >= U'{' && c <= U'~') || (c >= U'[' && c <= U'`') || (c >= U' ' && c <= U'&') || (c >= U'(' && c <= U'+') ||
         (c >= U':' && c <= U'@') || c == U'/';
}

std::u32string separate_stops(const std::u32string& text) {
  const auto no_digit = [](char32_t c) { return !is_digit(c); };
  std::u32string result = separate_pairs(text, no_digit, is_stop, true);
  result = separate_pairs(result, is_stop, no_digit, false);
  return separate_pairs(
      result, is_digit, [](char32_t c) { return c == U'-'; }, true);
}

std::u32string bleu_tokenize(std::u32string text, BleuTokenizer tokenizer) {
  switch (tokenizer) {
    case BleuTokenizer::mteval_13a:
      return tokenize_13a(std::move(text));
    case BleuTokenizer::international:
      return tokenize_intl(text);
    case BleuTokenizer::chinese:
      return western(spaced(std::u32string(strip(text)), is_chinese));
    case BleuTokenizer::character:
      return spaced(text, [](char32_t) { return true; });
    case BleuTokenizer::none:
      break;
  }
  return text;
}

}  // namespace gptask
