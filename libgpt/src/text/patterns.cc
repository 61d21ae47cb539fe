#include "text/patterns.h"

#include <array>

namespace gpt::text {

namespace {

struct Pattern {
  Split split;
  std::string_view regex;
};

/// The first of each split is the one we write; the others are spellings that mean the same.
constexpr std::array kPatterns{
    Pattern{Split::gpt2, R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
    Pattern{Split::gpt2, R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
    Pattern{
        Split::llama3,
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    Pattern{
        Split::llama3,
        R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)"},
    Pattern{
        Split::qwen2,
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    Pattern{Split::numbers_each, R"(\p{N})"},
    Pattern{Split::numbers_run, R"(\p{N}+)"},
};

}  // namespace

std::string_view regex_of(Split split) {
  for (const Pattern& pattern : kPatterns) {
    if (pattern.split == split) return pattern.regex;
  }
  return {};
}

std::optional<Split> split_of(std::string_view regex) {
  for (const Pattern& pattern : kPatterns) {
    if (pattern.regex == regex) return pattern.split;
  }
  return std::nullopt;
}

}  // namespace gpt::text
