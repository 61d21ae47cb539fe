#include "gptask/toolkit/sentences.h"

namespace gptask {
namespace {

constexpr std::string_view space = " \t\r\n";

/// Where the sentence that begins the text ends.
std::size_t sentence_end(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') return i;
    if (text[i] != '.' && text[i] != '!' && text[i] != '?') continue;
    const std::size_t end = text.find_first_not_of(".!?\"')]", i);
    if (end == std::string_view::npos) return text.size();
    if (space.find(text[end]) != std::string_view::npos) return end;
  }
  return text.size();
}

}  // namespace

std::string lead(std::string_view text, int sentences) {
  std::string result;
  for (int count = 0; count < sentences;) {
    const std::size_t begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::size_t end = sentence_end(text);
    result += (result.empty() ? "" : "\n") + std::string(text.substr(0, end));
    text.remove_prefix(end);
    ++count;
  }
  return result;
}

}  // namespace gptask
