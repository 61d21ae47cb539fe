// Text, or a pair of texts, -> tokens that fit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/text/tokenizer.h"

namespace gptask {

struct Input {
  std::string text;              ///< with a pair: first, separator, second
  std::size_t first_bytes = 0;   ///< of a pair; the whole text otherwise
  std::size_t second_begin = 0;  ///< where the second text starts
  bool pair = false;
  bool empty() const { return pair ? first_bytes == 0 && second_begin == text.size() : text.empty(); }
};

Input single_input(std::string text);
Input pair_input(std::string_view first, std::string_view second, std::string_view separator);

struct Encoded {
  std::vector<std::int32_t> tokens;
  bool truncated = false;
};

/// Tokens around every input; none where not set.
struct Frame {
  std::optional<std::int32_t> start, extract;
};

/// At most max_tokens tokens, the frame among them, with what the tokenizer's post-processor adds. A single text loses
/// its end; of a pair the longer text loses its end first (Transformers' longest_first), and the separator stays.
Encoded encode_input(const Input& input, const gpt::Tokenizer& tokenizer, std::int64_t max_tokens,
                     const Frame& frame = {});

}  // namespace gptask
