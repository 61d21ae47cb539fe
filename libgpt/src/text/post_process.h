// Stage 4: offsets without white space, special tokens around the text.
#pragma once

#include <string_view>

#include "gpt/text/tokenizer.h"
#include "text/spec.h"

namespace gpt::text {

/// White space at the ends of a token's text, in bytes and in characters.
struct TokenSpace {
  std::uint32_t leading_bytes = 0, trailing_bytes = 0;
  std::uint32_t leading_chars = 0, trailing_chars = 0;
};

/// Of the text that an added token matched.
TokenSpace text_space(std::string_view text);
/// Of a token of the vocabulary, in the byte alphabet: a character of it is a byte of text.
TokenSpace token_space(std::string_view token);

/// Narrows a token's offsets as the ByteLevel post-processor does. `is_first`: no token comes before it.
void trim_offsets(const PostProcessorSpec& spec, const TokenSpace& space, bool is_first, Range& bytes,
                  Range& code_points);

/// Puts the template's special tokens around the ids; their offsets are empty.
void add_special_tokens(const PostProcessorSpec& spec, Encoding& encoding, bool with_offsets);

}  // namespace gpt::text
