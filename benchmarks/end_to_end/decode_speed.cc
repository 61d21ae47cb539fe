// How fast prompts are read and continued, in each precision.
//   decode_speed --model GGUF_OR_FOLDER [--threads N] [--tokens N] [--precision float32|bfloat16|int8|int4]
// Prints tokens a second of a prompt of 512 tokens, of one sequence that is continued, and of 16 at once.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/core/random.h"
#include "gpt/generate/generate.h"
#include "gpt/model/decoder.h"
#include "gpt/tensor/parallel.h"

namespace {

using Clock = std::chrono::steady_clock;
using Prompts = std::vector<std::vector<std::int32_t>>;

Prompts prompts(std::size_t count, std::size_t length, std::int64_t vocabulary) {
  gpt::Random random(3);
  Prompts all(count, std::vector<std::int32_t>(length));
  for (auto& prompt : all)
    for (std::int32_t& token : prompt)
      token = static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(vocabulary)));
  return all;
}

/// Seconds of the fastest of three runs.
double seconds(const gpt::Decoder& decoder, const Prompts& prompts, int tokens, gpt::Threads& threads) {
  gpt::GenerateOptions options;
  options.max_new_tokens = tokens;
  options.eos_token_id = std::vector<std::int32_t>();
  options.batch_size = static_cast<std::int32_t>(prompts.size());
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const Clock::time_point start = Clock::now();
    gpt::generate(decoder, prompts, options, threads);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

int run(int thread_count, int tokens, const char* model, std::string_view name) {
  gpt::Threads threads(thread_count);
  std::unique_ptr<gpt::Decoder> decoder;
  auto precision = gpt::Precision::float32;
  if (name == "bfloat16") precision = gpt::Precision::bfloat16;
  if (name == "int8") precision = gpt::Precision::int8;
  if (name == "int4") precision = gpt::Precision::int4;
  threads.run([&] {
    decoder = gpt::Decoder::load(model);
    decoder->set_precision(precision);
  });
  const std::int64_t vocabulary = decoder->config().vocabulary;
  const double read = seconds(*decoder, prompts(1, 512, vocabulary), 1, threads);
  const auto rate = [&](std::size_t sequences) {
    const Prompts short_ones = prompts(sequences, 8, vocabulary);
    const double first = seconds(*decoder, short_ones, 1, threads);
    return static_cast<double>(sequences) * (tokens - 1) / (seconds(*decoder, short_ones, tokens, threads) - first);
  };
  std::printf("threads %d, %s: prompt of 512 %.0f tokens/s; decoding 1 sequence %.1f, 16 sequences %.1f tokens/s\n",
              thread_count, std::string(name).c_str(), 512 / read, rate(1), rate(16));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 2, tokens = 64;
  std::string_view precision = "float32";
  const char* model = nullptr;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--threads") threads = std::atoi(argv[i + 1]);
    if (flag == "--tokens") tokens = std::atoi(argv[i + 1]);
    if (flag == "--precision") precision = argv[i + 1];
    if (flag == "--model") model = argv[i + 1];
  }
  if (model == nullptr) {
    std::fprintf(stderr, "decode_speed: --model is missing\n");
    return 2;
  }
  try {
    return run(threads, tokens, model, precision);
  } catch (const gpt::Error& error) {
    std::fprintf(stderr, "decode_speed: %s\n", error.what());
    return 1;
  }
}
