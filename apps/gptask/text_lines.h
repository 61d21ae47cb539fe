// Lines of text from files and pipes.
#pragma once

#include <cstdint>
#include <fstream>
#include <istream>
#include <string>

namespace gptask::app {

/// Errors not_found and io, naming the file.
std::ifstream open_text(const std::string& file);

/// Lines without their ending (LF or CRLF) and without a byte-order mark; blank ones, and those that
/// are no text (not UTF-8, or with NUL bytes), are counted and left out.
class LineReader {
 public:
  LineReader(std::istream& input, std::string source) : input_(input), source_(std::move(source)) {}
  /// False at the end. Error malformed for a line above 64 MiB.
  bool next(std::string& line);
  std::uint64_t blank() const noexcept { return blank_; }
  std::uint64_t damaged() const noexcept { return damaged_; }

 private:
  std::istream& input_;
  std::string source_;
  std::uint64_t number_ = 0, blank_ = 0, damaged_ = 0;
};

/// The text on one line: tabs and line ends become spaces, other control characters U+FFFD.
std::string one_line(const std::string& text);

/// For a terminal, which must not obey what a model writes: control characters but line ends and tabs become U+FFFD.
std::string printable(const std::string& text);

}  // namespace gptask::app
