// The alphabet of byte-level vocabularies: GPT-2 writes each byte as a printable character (openai/gpt-2, encoder.py,
// bytes_to_unicode), so that a vocabulary is plain text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gpt::text {

/// The character that stands for a byte: itself if printable Latin-1, else U+0100 and on.
char32_t char_of_byte(unsigned char byte);
/// The byte that a character stands for, or -1.
int byte_of_char(char32_t code_point);

std::string to_byte_alphabet(std::string_view bytes);
/// Back to bytes; nullopt if a character is not of the alphabet.
std::optional<std::string> from_byte_alphabet(std::string_view token);

}  // namespace gpt::text
