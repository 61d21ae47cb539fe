#include "text/normalize.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <algorithm>

#include "gpt/core/error.h"

namespace gpt::text {

namespace {

/// A character and how many more (1) or fewer (-n) there are than before at this place.
struct ChangedChar {
  UChar32 code_point;
  int change;
  std::uint8_t combining_class;
};

const icu::Normalizer2& nfc() {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) fail(ErrorCode::unsupported, "ICU has no NFC normalization here: {}", u_errorName(status));
  return *normalizer;
}

bool is_nfc(std::string_view text) {
  const bool below_0300 = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0xCC;  // U+0300 is CC 80
  });
  if (below_0300) return true;
  UErrorCode status = U_ZERO_ERROR;
  const icu::StringPiece piece(text.data(), static_cast<std::int32_t>(text.size()));
  return nfc().isNormalizedUTF8(piece, status) != 0 && U_SUCCESS(status);
}

/// Canonical decomposition, combining marks in canonical order.
std::vector<ChangedChar> decompose(std::string_view text) {
  std::vector<ChangedChar> chars;
  icu::UnicodeString parts;
  for (std::size_t i = 0; i < text.size(); i += utf8_size(text[i])) {
    const auto c = static_cast<UChar32>(decode_utf8(text.data() + i));
    if (nfc().getDecomposition(c, parts) == 0) {
      chars.push_back({c, 0, u_getCombiningClass(c)});
      continue;
    }
    for (std::int32_t at = 0; at < parts.length(); at = parts.moveIndex32(at, 1)) {
      const UChar32 part = parts.char32At(at);
      chars.push_back({part, at > 0 ? 1 : 0, u_getCombiningClass(part)});
    }
  }
  const auto starter = [](const ChangedChar& c) { return c.combining_class == 0; };
  for (auto begin = chars.begin(); begin != chars.end();) {
    begin = std::find_if_not(begin, chars.end(), starter);
    const auto end = std::find_if(begin, chars.end(), starter);
    std::stable_sort(begin, end,
                     [](const ChangedChar& a, const ChangedChar& b) { return a.combining_class < b.combining_class; });
    begin = end;
  }
  return chars;
}

/// Canonical composition (Unicode Standard, definition D117).
std::vector<ChangedChar> compose(const std::vector<ChangedChar>& chars) {
  std::vector<ChangedChar> composed;
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t starter = kNone;
  for (const ChangedChar& c : chars) {
    if (starter != kNone) {
      const std::uint8_t previous = composed.back().combining_class;
      const bool adjacent = starter + 1 == composed.size();
      if (adjacent || previous < c.combining_class) {
        const UChar32 pair = nfc().composePair(composed[starter].code_point, c.code_point);
        if (pair >= 0) {
          composed[starter] = {pair, composed[starter].change + c.change - 1, u_getCombiningClass(pair)};
          continue;
        }
      }
    }
    if (c.combining_class == 0) starter = composed.size();
    composed.push_back(c);
  }
  return composed;
}

/// The original ranges of the piece's characters, one each.
std::vector<Range> char_ranges(const Piece& piece) {
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < piece.text.size(); i += utf8_size(piece.text[i])) {
    ranges.push_back(piece.original(i, i + 1));
  }
  return ranges;
}

}  // namespace

std::optional<ChangedText> normalize(Normalization form, const Piece& piece) {
  if (form == Normalization::none || is_nfc(piece.text)) return std::nullopt;
  ChangedText changed;
  const std::vector<Range> ranges = char_ranges(piece);
  std::size_t next = 0;  // the first character of the old text not yet replaced
  for (const ChangedChar& c : compose(decompose(piece.text))) {
    Range range{piece.origin, piece.origin};
    if (c.change > 0) {
      if (next > 0) range = ranges[next - 1];
    } else {
      range = ranges[std::min(next, ranges.size() - 1)];
      next = std::min(next + 1 + static_cast<std::size_t>(-c.change), ranges.size());
    }
    append_utf8(changed.text, static_cast<char32_t>(c.code_point));
    changed.alignment.resize(changed.text.size(), range);
  }
  return changed;
}

std::string normalized(Normalization form, std::string_view text) {
  const auto changed = normalize(form, Piece{text, 0, nullptr});
  return changed ? changed->text : std::string(text);
}

}  // namespace gpt::text
