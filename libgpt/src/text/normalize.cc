#include "text/normalize.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <optional>

#include "gpt/core/error.h"
#include "text/unicode_forms.h"

namespace gpt::text {

namespace {

using Kind = NormalizerStep::Kind;

/// No sound normalizer makes a text longer than this; a hostile one replaces a letter by two again and again.
std::size_t most_bytes(std::size_t size) { return (std::size_t{1} << 20) + 64 * size; }

void check_size(std::size_t size, std::size_t most) {
  if (size <= most) return;
  fail(ErrorCode::unsupported,
       "the normalizer makes a text of more than {} bytes, 64 times what it was given; check the Replace steps of "
       "tokenizer.json",
       most);
}

/// The lower case of one character, by itself: only U+0130 has two characters (Unicode's SpecialCasing.txt).
void append_lower(char32_t c, std::string& text) {
  if (c == 0x130) {
    text += "i\u0307";
  } else {
    append_utf8(text, static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))));
  }
}

bool is_lower_already(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c & 0x80) != 0; });
}

ChangedText to_lower(const Piece& piece, bool aligned) {
  ChangedText changed;
  for (std::size_t i = 0; i < piece.text.size();) {
    const std::size_t size = utf8_size(piece.text[i]);
    append_lower(decode_utf8(piece.text.data() + i), changed.text);
    if (aligned) changed.alignment.resize(changed.text.size(), piece.original(i, i + size));
    i += size;
  }
  return changed;
}

/// The content and the first character stand where the first character stood.
ChangedText prepend(const std::string& content, const Piece& piece, bool aligned) {
  ChangedText changed;
  changed.text.reserve(content.size() + piece.text.size());
  if (aligned) changed.alignment.reserve(content.size() + piece.text.size());
  changed.append(content, aligned ? piece.original(0, 1) : Range{}, aligned);
  changed.append(piece, 0, piece.text.size(), aligned);
  return changed;
}

/// What replaces a match stands where the match's last character stood; what replaces nothing, where the character
/// before it stood.
ChangedText replace(const Matcher& matcher, const std::string& content, const Piece& piece, bool aligned,
                    std::size_t most) {
  std::vector<Match> matches;
  matcher.find(piece.text, matches);
  ChangedText changed;
  changed.text.reserve(piece.text.size() + piece.text.size() / 2);
  for (const Match& match : matches) {
    if (!match.is_match) {
      changed.append(piece, match.begin, match.end, aligned);
      continue;
    }
    check_size(changed.text.size() + content.size(), most);
    Range place{piece.origin, piece.origin};
    if (aligned && match.end > 0) place = piece.original(match.end - 1, match.end);
    changed.append(content, place, aligned);
  }
  return changed;
}

/// A string of one byte is what nearly every Replace looks for: no list of matches is needed.
ChangedText replace_byte(char byte, const std::string& content, const Piece& piece, bool aligned, std::size_t most) {
  ChangedText changed;
  const auto count = static_cast<std::size_t>(std::count(piece.text.begin(), piece.text.end(), byte));
  if (count > 0 && content.size() > most / count) check_size(most + 1, most);
  const std::size_t size = piece.text.size() - count + count * content.size();
  changed.text.reserve(size);
  if (aligned) changed.alignment.reserve(size);
  std::size_t done = 0;
  for (std::size_t at = piece.text.find(byte); at != std::string_view::npos; at = piece.text.find(byte, done)) {
    changed.append(piece, done, at, aligned);
    changed.append(content, aligned ? piece.original(at, at + 1) : Range{}, aligned);
    done = at + 1;
  }
  changed.append(piece, done, piece.text.size(), aligned);
  return changed;
}

ChangedText strip(const NormalizerStep& step, const Piece& piece, bool aligned) {
  std::size_t begin = 0, end = piece.text.size();
  while (step.left && begin < end && is_white_space(decode_utf8(piece.text.data() + begin))) {
    begin += utf8_size(piece.text[begin]);
  }
  while (step.right && begin < end) {
    std::size_t last = end - 1;
    while (is_continuation(piece.text[last])) --last;
    if (!is_white_space(decode_utf8(piece.text.data() + last))) break;
    end = last;
  }
  ChangedText changed;
  changed.append(piece, begin, end, aligned);
  return changed;
}

}  // namespace

Normalizer::Normalizer(const std::vector<NormalizerStep>& steps) {
  for (const NormalizerStep& spec : steps) {
    steps_.push_back({spec, {}});
    if (spec.kind == Kind::replace) steps_.back().matcher.emplace_back(spec.pattern);
  }
}

std::optional<ChangedText> Normalizer::Step::apply(const Piece& piece, bool aligned, std::size_t most) const {
  switch (spec.kind) {
    case Kind::nfc:
    case Kind::nfd:
    case Kind::nfkc:
    case Kind::nfkd:
      if (has_form(spec.kind, piece.text)) return std::nullopt;
      return to_form(spec.kind, piece, aligned);
    case Kind::lowercase:
      if (is_lower_already(piece.text)) return std::nullopt;
      return to_lower(piece, aligned);
    case Kind::prepend:
      return prepend(spec.content, piece, aligned);
    case Kind::replace:
      if (!spec.pattern.is_regex && spec.pattern.text.size() == 1) {
        return replace_byte(spec.pattern.text.front(), spec.content, piece, aligned, most);
      }
      return replace(matcher.front(), spec.content, piece, aligned, most);
    case Kind::strip:
      return strip(spec, piece, aligned);
  }
  return std::nullopt;
}

Piece Normalizer::apply(const Piece& given, bool aligned, ChangedText& storage) const {
  Piece piece = given;
  const std::size_t most = most_bytes(given.text.size());
  for (const Step& step : steps_) {
    if (piece.text.empty()) break;
    if (auto changed = step.apply(piece, aligned, most)) {
      check_size(changed->text.size(), most);
      storage = std::move(*changed);
      piece = storage.piece(piece.origin);
    }
  }
  return piece;
}

std::string Normalizer::apply(const std::string& text) const {
  ChangedText storage;
  return std::string(apply(Piece{text, 0, nullptr}, false, storage).text);
}

}  // namespace gpt::text
