#include "text/unicode_forms.h"

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

using Kind = NormalizerStep::Kind;

bool composes(Kind form) { return form == Kind::nfc || form == Kind::nfkc; }

/// The tables of the form that composes, which know the decompositions too.
const icu::Normalizer2& tables(Kind form) {
  UErrorCode status = U_ZERO_ERROR;
  const bool compatible = form == Kind::nfkc || form == Kind::nfkd;
  const icu::Normalizer2* normalizer =
      compatible ? icu::Normalizer2::getNFKCInstance(status) : icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) fail(ErrorCode::unsupported, "ICU has no normalization tables here: {}", u_errorName(status));
  return *normalizer;
}

/// Full decomposition, combining marks in canonical order.
std::vector<ChangedChar> decompose(const icu::Normalizer2& tables, std::string_view text) {
  std::vector<ChangedChar> chars;
  icu::UnicodeString parts;
  for (std::size_t i = 0; i < text.size(); i += utf8_size(text[i])) {
    const auto c = static_cast<UChar32>(decode_utf8(text.data() + i));
    if (tables.getDecomposition(c, parts) == 0) {
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
std::vector<ChangedChar> compose(const icu::Normalizer2& tables, const std::vector<ChangedChar>& chars) {
  std::vector<ChangedChar> composed;
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t starter = kNone;
  for (const ChangedChar& c : chars) {
    if (starter != kNone) {
      const std::uint8_t previous = composed.back().combining_class;
      const bool adjacent = starter + 1 == composed.size();
      if (adjacent || previous < c.combining_class) {
        const UChar32 pair = tables.composePair(composed[starter].code_point, c.code_point);
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

bool has_form(Kind form, std::string_view text) {
  // Below U+0300 (CC 80) everything is NFC, and ASCII is everything.
  const unsigned char first_doubtful = form == Kind::nfc ? 0xCC : 0x80;
  if (std::none_of(text.begin(), text.end(), [=](char c) { return static_cast<unsigned char>(c) >= first_doubtful; })) {
    return true;
  }
  if (!composes(form)) return false;
  UErrorCode status = U_ZERO_ERROR;
  const icu::StringPiece piece(text.data(), static_cast<std::int32_t>(text.size()));
  return tables(form).isNormalizedUTF8(piece, status) != 0 && U_SUCCESS(status);
}

ChangedText to_form(Kind form, const Piece& piece, bool aligned) {
  ChangedText changed;
  const std::vector<Range> ranges = aligned ? char_ranges(piece) : std::vector<Range>();
  std::size_t next = 0;  // the first character of the old text not yet replaced
  std::vector<ChangedChar> chars = decompose(tables(form), piece.text);
  if (composes(form)) chars = compose(tables(form), chars);
  for (const ChangedChar& c : chars) {
    append_utf8(changed.text, static_cast<char32_t>(c.code_point));
    if (!aligned) continue;
    Range range{piece.origin, piece.origin};
    if (c.change > 0) {
      if (next > 0) range = ranges[next - 1];
    } else {
      range = ranges[std::min(next, ranges.size() - 1)];
      next = std::min(next + 1 + static_cast<std::size_t>(-c.change), ranges.size());
    }
    changed.alignment.resize(changed.text.size(), range);
  }
  return changed;
}

}  // namespace gpt::text
