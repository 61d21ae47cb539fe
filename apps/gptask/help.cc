#include <fmt/format.h>

#include <algorithm>

#include "arguments.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

std::string dashed(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string_view placeholder(Kind kind) {
  switch (kind) {
    case Kind::flag:
      return "";
    case Kind::text:
      return " TEXT";
    case Kind::integer:
      return " N";
    case Kind::number:
      return " X";
    case Kind::list:
      return " A,B";
  }
  return "";
}

/// Words of `text` in lines of at most `width`, each after `indent` spaces.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  std::string lines;
  std::size_t column = width;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    if (column + (end - begin) + 1 > width) {
      lines += (lines.empty() ? "" : "\n") + std::string(indent, ' ');
      column = 0;
    } else {
      lines += ' ';
      ++column;
    }
    lines += text.substr(begin, end - begin);
    column += end - begin;
    begin = end + 1;
  }
  return lines;
}

}  // namespace

void print_help(const Usage& usage, const gpt::Options& options) {
  fmt::print(
      "Usage: {}\n\n{}\n\nOptions (dashes or underscores; what is on or off takes true, "
      "false or --no-NAME):\n",
      usage.synopsis, wrapped(usage.about, 0, 100));
  for (const gpt::OptionSpec& spec : options.specs()) {
    std::string names = "--" + dashed(spec.name);
    for (const std::string& alias : spec.aliases) names += (alias.size() == 1 ? ", -" : ", --") + dashed(alias);
    std::string help = spec.help;
    if (!spec.choices.empty()) help += fmt::format("; one of {}", fmt::join(spec.choices, ", "));
    if (!spec.default_value.empty() && spec.kind != Kind::flag)
      help += fmt::format(" (default {})", spec.default_value);
    fmt::print("  {}{}\n{}\n", names, placeholder(spec.kind), wrapped(help, 6, 94));
  }
  if (!usage.note.empty()) fmt::print("\n{}\n", wrapped(usage.note, 0, 100));
  fmt::print("\nExample:\n  {}\n", usage.example);
}

}  // namespace gptask::app
