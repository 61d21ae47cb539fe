#include "metrics/ter_tokenizer.h"

#include <algorithm>

#include "metrics/bleu_tokenizers.h"
#include "metrics/unicode.h"

namespace gptask {
namespace {

bool between(char32_t c, char32_t first, char32_t last) noexcept { return c >= first && c <= last; }

bool is_asian_mark(char32_t c) noexcept {
  return between(c, 0x3001, 0x3002) || between(c, 0x3008, 0x3011) || between(c, 0x3014, 0x301F) ||
         between(c, 0xFF61, 0xFF65) || c == 0x30FB;
}

bool is_full_width_mark(char32_t c) noexcept {
  return std::u32string_view(U"\uFF0E\uFF0C\uFF1F\uFF1A\uFF1B\uFF01\uFF02\uFF08\uFF09").find(c) != std::u32string::npos;
}

std::u32string normalize_western(std::u32string text) {
  text = replaced(std::move(text), U"\n-", U"");
  std::replace(text.begin(), text.end(), U'\n', U' ');
  text = replaced(std::move(text), U"&quot;", U"\"");
  text = replaced(std::move(text), U"&amp;", U"&");
  text = replaced(std::move(text), U"&lt;", U"<");
  text = replaced(std::move(text), U"&gt;", U">");
  text = spaced(U" " + text + U" ", is_western_mark);
  return separate_stops(replaced(std::move(text), U"'s ", U" 's "));
}

/// Every ideograph is a word. (Tercom's rules for runs of kana ask for the beginning of the text, where a space stands
/// by now: they never apply.) The third range is written 3200-3F22 in sacrebleu, where Tercom has 3200-32FF.
std::u32string normalize_asian(const std::u32string& text) {
  const auto ideograph = [](char32_t c) { return between(c, 0x4E00, 0x9FFF) || between(c, 0x3400, 0x4DBF); };
  const auto stroke = [](char32_t c) { return between(c, 0x31C0, 0x31EF) || between(c, 0x2E80, 0x2EFF); };
  const auto compatible = [](char32_t c) {
    return between(c, 0x3300, 0x33FF) || between(c, 0xF900, 0xFAFF) || between(c, 0xFE30, 0xFE4F);
  };
  const auto enclosed = [](char32_t c) { return between(c, 0x3200, 0x3F22); };
  std::u32string result = spaced(spaced(spaced(text, ideograph), stroke), compatible);
  return spaced(spaced(spaced(result, enclosed), is_asian_mark), is_full_width_mark);
}

bool is_removed(char32_t c, bool asian) noexcept {
  return std::u32string_view(U".,?:;!\"()").find(c) != std::u32string::npos ||
         (asian && (is_asian_mark(c) || is_full_width_mark(c)));
}

}  // namespace

std::u32string ter_tokenize(std::u32string text, const TerOptions& options) {
  if (text.empty()) return text;
  if (!options.case_sensitive) text = lower(std::move(text));
  if (options.normalized) {
    text = normalize_western(std::move(text));
    if (options.asian_support) text = normalize_asian(text);
  }
  if (options.no_punct)
    text.erase(
        std::remove_if(text.begin(), text.end(), [&](char32_t c) { return is_removed(c, options.asian_support); }),
        text.end());
  return text;
}

}  // namespace gptask
