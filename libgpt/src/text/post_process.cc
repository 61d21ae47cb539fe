#include "text/post_process.h"

#include <algorithm>

#include "text/unicode.h"

namespace gpt::text {

TokenSpace text_space(std::string_view text) {
  TokenSpace space;
  for (std::size_t i = 0; i < text.size(); i += utf8_size(text[i])) {
    const char32_t c = decode_utf8(text.data() + i);
    if (is_white_space(c) || c == U'\u0120') {  // the space of the byte alphabet counts, as in the tokenizers library
      space.trailing_bytes += utf8_size(text[i]);
      ++space.trailing_chars;
    } else {
      space.trailing_bytes = space.trailing_chars = 0;
    }
  }
  for (std::size_t i = 0; i < text.size(); i += utf8_size(text[i])) {
    const char32_t c = decode_utf8(text.data() + i);
    if (!is_white_space(c) && c != U'\u0120') break;
    space.leading_bytes += utf8_size(text[i]);
    ++space.leading_chars;
  }
  return space;
}

TokenSpace token_space(std::string_view token) {
  TokenSpace space = text_space(token);
  space.leading_bytes = space.leading_chars;
  space.trailing_bytes = space.trailing_chars;
  return space;
}

namespace {

Range narrowed(Range range, std::uint32_t leading, std::uint32_t trailing) {
  range.begin = std::min(range.begin + leading, range.end);
  if (range.end >= trailing) range.end = std::max(range.end - trailing, range.begin);
  return range;
}

}  // namespace

void trim_offsets(const PostProcessorSpec& spec, const TokenSpace& space, bool is_first, Range& bytes,
                  Range& code_points) {
  if (!spec.byte_level || !spec.trim_offsets) return;
  // A single space at the beginning may be the one that was added. More are the text's own.
  const bool first = is_first || code_points.begin == 0;
  const bool keep_leading = spec.add_prefix_space && first && space.leading_chars == 1;
  code_points = narrowed(code_points, keep_leading ? 0 : space.leading_chars, space.trailing_chars);
  bytes = narrowed(bytes, keep_leading ? 0 : space.leading_bytes, space.trailing_bytes);
}

void add_special_tokens(const PostProcessorSpec& spec, Encoding& encoding, bool with_offsets) {
  encoding.ids.insert(encoding.ids.begin(), spec.before.begin(), spec.before.end());
  encoding.ids.insert(encoding.ids.end(), spec.after.begin(), spec.after.end());
  if (!with_offsets) return;
  for (auto* ranges : {&encoding.bytes, &encoding.code_points}) {
    ranges->insert(ranges->begin(), spec.before.size(), Range{});
    ranges->insert(ranges->end(), spec.after.size(), Range{});
  }
}

}  // namespace gpt::text
