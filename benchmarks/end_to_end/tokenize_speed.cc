// How fast one thread tokenizes a text line by line: megabytes a second for ids, and for ids with offsets.
//   tokenize_speed TOKENIZER TEXT [SECONDS]      a line of JSON, for benchmarks/peers/tokenizers_speed.py
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/io/compressed_file.h"
#include "gpt/text/tokenizer.h"

namespace {

struct Text {
  std::vector<std::string> lines;
  std::size_t bytes = 0;
};

Text read_lines(const std::string& path) {
  Text text;
  const auto file = gpt::open_text(path);
  for (std::string line; std::getline(*file, line);) {
    text.bytes += line.size();
    text.lines.push_back(line);
  }
  return text;
}

/// The best of as many rounds as fit the time: what else the machine does only makes it slower.
double megabytes_a_second(const Text& text, double seconds,
                          const std::function<std::size_t(const std::string&)>& encode) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  double best = 0;
  do {
    const auto start = Clock::now();
    std::size_t tokens = 0;
    for (const std::string& line : text.lines) tokens += encode(line);
    const double time = std::chrono::duration<double>(Clock::now() - start).count();
    if (tokens > 0) best = std::max(best, static_cast<double>(text.bytes) / 1e6 / time);
  } while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds);
  return best;
}

int run(const std::string& model, const std::string& path, double seconds) {
  const auto tokenizer = gpt::Tokenizer::load(model);
  const Text text = read_lines(path);
  std::size_t tokens = 0;
  for (const std::string& line : text.lines) tokens += tokenizer->encode(line).size();
  const double ids =
      megabytes_a_second(text, seconds, [&](const std::string& line) { return tokenizer->encode(line).size(); });
  const double offsets = megabytes_a_second(
      text, seconds, [&](const std::string& line) { return tokenizer->encode_with_offsets(line).ids.size(); });
  fmt::print("{{\"lines\": {}, \"bytes\": {}, \"tokens\": {}, \"ids\": {:.2f}, \"offsets\": {:.2f}}}\n",
             text.lines.size(), text.bytes, tokens, ids, offsets);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    fmt::print(stderr, "usage: tokenize_speed TOKENIZER TEXT [SECONDS]\n");
    return 2;
  }
  try {
    return run(arguments[1], arguments[2], count > 3 ? std::strtod(arguments[3], nullptr) : 3);
  } catch (const gpt::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
