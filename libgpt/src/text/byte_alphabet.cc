#include "text/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "text/unicode.h"

namespace gpt::text {

namespace {

constexpr int kChars = 0x100 + 68;  // 68 bytes are not printable

struct Alphabet {
  std::array<char32_t, 256> chars{};
  std::array<std::int16_t, kChars> bytes{};

  Alphabet() {
    bytes.fill(-1);
    char32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
      chars[byte] = printable ? byte : next++;
      bytes[chars[byte]] = static_cast<std::int16_t>(byte);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet table;
  return table;
}

}  // namespace

char32_t char_of_byte(unsigned char byte) { return alphabet().chars[byte]; }

int byte_of_char(char32_t code_point) { return code_point < kChars ? alphabet().bytes[code_point] : -1; }

std::string to_byte_alphabet(std::string_view bytes) {
  std::string token;
  for (const char byte : bytes) append_utf8(token, char_of_byte(static_cast<unsigned char>(byte)));
  return token;
}

std::optional<std::string> from_byte_alphabet(std::string_view token) {
  std::string bytes;
  for (std::size_t i = 0; i < token.size(); i += utf8_size(token[i])) {
    const int byte = byte_of_char(decode_utf8(token.data() + i));
    if (byte < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

}  // namespace gpt::text
