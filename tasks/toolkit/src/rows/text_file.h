// The bytes and lines of a text file, compressed or not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <string>
#include <vector>

namespace gptask {

class TextFile {
 public:
  /// Drops a UTF-8 byte order mark. Errors: not_found, io; malformed for UTF-16 and for a file without any byte.
  explicit TextFile(const std::filesystem::path& path);

  static constexpr int end = -1;
  int peek() { return position_ < size_ || fill() ? static_cast<unsigned char>(buffer_[position_]) : end; }
  int get() {
    const int byte = peek();
    if (byte != end) ++position_;
    if (byte == '\n') ++line_;
    return byte;
  }
  /// The next line without its end; false at the end of the file.
  bool line(std::string& text);
  bool starts_with(std::string_view text) const;

  /// The line that the next byte is on, from 1.
  std::uint64_t line_number() const noexcept { return line_; }
  const std::string& name() const noexcept { return name_; }

 private:
  bool fill();

  std::string name_;
  std::unique_ptr<std::istream> stream_;
  std::vector<char> buffer_;
  std::size_t position_ = 0, size_ = 0;
  std::uint64_t line_ = 1;
};

}  // namespace gptask
