#include "encode.h"

#include <algorithm>

namespace gptask {
namespace {

/// How many tokens of a pair's two texts stay where `room` are left for both.
std::pair<std::size_t, std::size_t> share_room(std::size_t first, std::size_t second, std::size_t room) {
  const std::size_t half = room / 2;
  if (first <= half) return {first, room - first};
  if (second <= half) return {room - second, second};
  return {room - half, half};
}

std::vector<std::int32_t> cut_pair(const Input& input, const gpt::Encoding& encoding, std::size_t most) {
  const auto& ids = encoding.ids;
  const auto& bytes = encoding.bytes;
  const auto first_end =
      std::find_if(bytes.begin(), bytes.end(), [&](gpt::Range r) { return r.end > input.first_bytes; });
  const auto second_begin =
      std::find_if(first_end, bytes.end(), [&](gpt::Range r) { return r.begin >= input.second_begin; });
  const auto first = static_cast<std::size_t>(first_end - bytes.begin());
  const auto before_second = static_cast<std::size_t>(second_begin - bytes.begin());
  const std::size_t between = before_second - first;
  if (between >= most) return {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(most)};
  const auto [keep_first, keep_second] = share_room(first, ids.size() - before_second, most - between);
  const auto at = [&](std::size_t position) { return ids.begin() + static_cast<std::ptrdiff_t>(position); };
  std::vector<std::int32_t> tokens(at(0), at(keep_first));
  tokens.insert(tokens.end(), at(first), at(before_second + keep_second));
  return tokens;
}

}  // namespace

Input single_input(std::string text) {
  Input input;
  input.first_bytes = input.second_begin = text.size();
  input.text = std::move(text);
  return input;
}

Input pair_input(std::string_view first, std::string_view second, std::string_view separator) {
  Input input;
  input.text.append(first).append(separator).append(second);
  input.first_bytes = first.size();
  input.second_begin = first.size() + separator.size();
  input.pair = true;
  return input;
}

Encoded encode_input(const Input& input, const gpt::Tokenizer& tokenizer, std::int64_t max_tokens, const Frame& frame) {
  const std::int64_t around = (frame.start ? 1 : 0) + (frame.extract ? 1 : 0);
  if (around > 0) {
    Encoded framed = encode_input(input, tokenizer, std::max<std::int64_t>(1, max_tokens - around));
    if (frame.start) framed.tokens.insert(framed.tokens.begin(), *frame.start);
    if (frame.extract) framed.tokens.push_back(*frame.extract);
    return framed;
  }
  const auto most = static_cast<std::size_t>(max_tokens);
  Encoded encoded{tokenizer.encode(input.text, true)};
  encoded.truncated = encoded.tokens.size() > most;
  if (!encoded.truncated) return encoded;
  if (input.pair) {
    encoded.tokens = cut_pair(input, tokenizer.encode_with_offsets(input.text, true), most);
  } else {
    encoded.tokens.resize(most);
  }
  return encoded;
}

}  // namespace gptask
