// Is it UTF-8? (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.)
#pragma once

#include <cstddef>
#include <string_view>

namespace gptask {

/// The offset of the first byte that starts no valid sequence; npos if all is well.
std::size_t find_bad_utf8(std::string_view text) noexcept;

/// The largest cut <= limit that splits no character.
std::size_t utf8_cut(std::string_view text, std::size_t limit) noexcept;

/// Unicode code points of valid UTF-8.
std::size_t utf8_length(std::string_view text) noexcept;

/// Where the code point with this number (from 0) begins, the text's size for its length; npos beyond.
std::size_t utf8_position(std::string_view text, std::size_t number) noexcept;

}  // namespace gptask
