#include "text/patterns.h"

#include <array>

namespace gpt::text {

namespace {

struct KnownRegex {
  Scanner scanner;
  std::string_view regex;
};

/// The first of each scanner is the one we write; the others are spellings that mean the same.
constexpr std::array kRegexes{
    KnownRegex{Scanner::gpt2, R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
    KnownRegex{Scanner::gpt2, R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
    KnownRegex{
        Scanner::llama3,
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    KnownRegex{
        Scanner::llama3,
        R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)"},
    KnownRegex{
        Scanner::qwen2,
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
};

}  // namespace

std::string_view regex_of(Scanner scanner) {
  for (const KnownRegex& known : kRegexes) {
    if (known.scanner == scanner) return known.regex;
  }
  return {};
}

std::optional<Scanner> scanner_of(std::string_view regex) {
  for (const KnownRegex& known : kRegexes) {
    if (known.regex == regex) return known.scanner;
  }
  return std::nullopt;
}

PreTokenizerStep split_step(Scanner scanner) {
  PreTokenizerStep step;
  step.pattern = {std::string(regex_of(scanner)), true};
  return step;
}

PreTokenizerStep digits_step(bool each) {
  PreTokenizerStep step;
  step.kind = PreTokenizerStep::Kind::digits;
  step.each = each;
  return step;
}

PreTokenizerStep canonical_step(PreTokenizerStep split) {
  if (!split.pattern.is_regex) return split;
  const bool isolated = split.behavior == Behavior::isolated && !split.invert;
  if (const auto scanner = scanner_of(split.pattern.text)) {
    split.pattern.text = regex_of(*scanner);
    // It matches everything, so that keeping the matches only is the same as isolating them.
    if (split.behavior == Behavior::removed && split.invert) {
      split.behavior = Behavior::isolated;
      split.invert = false;
    }
  } else if (isolated && (split.pattern.text == R"(\p{N})" || split.pattern.text == R"(\p{N}+)")) {
    return digits_step(split.pattern.text == R"(\p{N})");
  }
  return split;
}

}  // namespace gpt::text
