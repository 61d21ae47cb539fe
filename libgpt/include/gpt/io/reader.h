// Reads little-endian values from bytes that may lie: nothing is read or allocated beyond the end.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string_view>

namespace gpt {

static_assert(std::endian::native == std::endian::little, "the file formats here are little-endian");

/// a + b and a * b; false if the result does not fit.
template <typename T>
bool checked_add(T a, T b, T& sum) noexcept {
  return !__builtin_add_overflow(a, b, &sum);
}
template <typename T>
bool checked_multiply(T a, T b, T& product) noexcept {
  return !__builtin_mul_overflow(a, b, &product);
}

/// A position in the bytes of one file. Every error is malformed and names the file, the field and the offset.
class BoundedReader {
 public:
  BoundedReader(std::span<const std::byte> bytes, const std::filesystem::path& file) : bytes_(bytes), file_(&file) {}

  std::uint64_t offset() const noexcept { return offset_; }
  std::uint64_t remaining() const noexcept { return bytes_.size() - offset_; }

  /// The next `size` bytes where they lie. `field` is for messages.
  std::span<const std::byte> bytes(std::uint64_t size, std::string_view field);
  /// A number of sizeof(T) bytes.
  template <typename T>
  requires std::integral<T> || std::floating_point<T> T read(std::string_view field) {
    T value;
    std::memcpy(&value, bytes(sizeof(T), field).data(), sizeof(T));
    return value;
  }
  std::uint8_t u8(std::string_view field) { return read<std::uint8_t>(field); }
  std::uint32_t u32(std::string_view field) { return read<std::uint32_t>(field); }
  std::uint64_t u64(std::string_view field) { return read<std::uint64_t>(field); }
  float f32(std::string_view field) { return read<float>(field); }
  /// `size` bytes as text, where they lie.
  std::string_view string(std::uint64_t size, std::string_view field);

  /// Throws malformed: "FILE: MESSAGE (at byte OFFSET)".
  [[noreturn]] void malformed(std::string_view message, std::uint64_t at) const;

 private:
  std::span<const std::byte> bytes_;
  const std::filesystem::path* file_;
  std::uint64_t offset_ = 0;
};

}  // namespace gpt
