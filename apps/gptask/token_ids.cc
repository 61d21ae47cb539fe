#include "token_ids.h"

#include <charconv>
#include <iostream>
#include <iterator>

#include "gpt/core/error.h"
#include "gpt/io/compressed_file.h"
#include "gptask/toolkit/utf8.h"

namespace gptask::app {

std::string read_text(const std::string& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    const auto stream = gpt::open_text(file);
    text.assign(std::istreambuf_iterator<char>(*stream), {});
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  const std::string name = file == "-" ? "standard input" : file;
  if (const std::size_t bad = find_bad_utf8(text); bad != std::string::npos)
    gpt::fail(gpt::ErrorCode::malformed, "{}: byte {:#04x} at byte {} is no UTF-8; convert the text first", name,
              static_cast<unsigned char>(text[bad]), bad);
  if (const std::size_t nul = text.find('\0'); nul != std::string::npos)
    gpt::fail(gpt::ErrorCode::malformed, "{}: a NUL byte at byte {}; the text is damaged or binary", name, nul);
  return text;
}

std::vector<std::int32_t> parse_ids(std::string_view text, std::string_view where) {
  constexpr std::string_view between = " \t\r\n,[]";
  std::vector<std::int32_t> ids;
  for (std::size_t begin = text.find_first_not_of(between); begin != std::string_view::npos;) {
    const std::string_view word = text.substr(begin, text.find_first_of(between, begin) - begin);
    std::int32_t id = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (error != std::errc() || end != word.data() + word.size())
      gpt::fail(gpt::ErrorCode::malformed, "{}: \"{}\" is no token id (the {}. of the list)", where, word.substr(0, 40),
                ids.size() + 1);
    ids.push_back(id);
    begin = text.find_first_not_of(between, begin + word.size());
  }
  return ids;
}

}  // namespace gptask::app
