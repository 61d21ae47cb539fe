#include "text_lines.h"

#include <filesystem>

#include "gpt/core/error.h"
#include "gptask/toolkit/utf8.h"

namespace gptask::app {

std::ifstream open_text(const std::string& file) {
  if (!std::filesystem::exists(file)) gpt::fail(gpt::ErrorCode::not_found, "{}: no such file", file);
  if (std::filesystem::is_directory(file)) gpt::fail(gpt::ErrorCode::io, "{} is a folder, not a file", file);
  std::ifstream input(file, std::ios::binary);
  if (!input) gpt::fail(gpt::ErrorCode::io, "{} cannot be read; check its permissions", file);
  return input;
}

bool LineReader::next(std::string& line) {
  constexpr std::size_t longest = std::size_t{64} << 20;
  while (std::getline(input_, line)) {
    if (++number_ == 1 && line.rfind("\xEF\xBB\xBF", 0) == 0) line.erase(0, 3);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.size() > longest)
      gpt::fail(gpt::ErrorCode::malformed, "{}: line {} has {} bytes; is it text?", source_, number_, line.size());
    if (find_bad_utf8(line) != std::string::npos || line.find('\0') != std::string::npos)
      ++damaged_;
    else if (line.find_first_not_of(" \t") != std::string::npos)
      return true;
    else
      ++blank_;
  }
  return false;
}

std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == '\t')
      line += ' ';
    else if ((c >= 0 && c < 0x20) || c == 0x7F)
      line += "\xEF\xBF\xBD";
    else
      line += c;
  }
  return line;
}

std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if ((c >= 0 && c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
      out += "\xEF\xBF\xBD";
    else
      out += c;
  }
  return out;
}

}  // namespace gptask::app
