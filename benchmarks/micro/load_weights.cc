// How soon a model's weights are ready, and what memory they take.
//   load_weights MODEL [ROUNDS] [THREADS]
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/model/decoder.h"
#include "gpt/tensor/parallel.h"

namespace {

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::max(value, 0);
}

/// MB of this process in memory, of files' pages among them.
struct Resident {
  double all = 0, of_files = 0;
};
Resident resident() {
  Resident found;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    const auto kilobytes = [&] { return std::stod(line.substr(line.find(':') + 1)) / 1e3; };
    if (line.rfind("VmRSS:", 0) == 0) found.all = kilobytes();
    if (line.rfind("RssFile:", 0) == 0) found.of_files = kilobytes();
  }
  return found;
}

void measure(const char* path, int rounds, int count) {
  gpt::Threads threads(count);
  std::vector<double> seconds;
  const Resident before = resident();
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    std::unique_ptr<gpt::Decoder> decoder;
    threads.run([&] { decoder = gpt::Decoder::load(path); });
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (round > 0) continue;
    std::int64_t weights = 0;
    for (const gpt::Parameter* p : decoder->parameters()) weights += p->value.size();
    const Resident after = resident();
    std::printf("%.1f million weights, %.0f MB as float32; resident: %.0f MB more, %.0f MB of them pages of files\n",
                static_cast<double>(weights) / 1e6, static_cast<double>(weights) * 4 / 1e6, after.all - before.all,
                after.of_files - before.of_files);
  }
  std::sort(seconds.begin(), seconds.end());
  std::printf("ready in %.3f s (median of %d; %.3f to %.3f) on %d threads\n", seconds[seconds.size() / 2], rounds,
              seconds.front(), seconds.back(), threads.count());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::fputs("usage: load_weights MODEL [ROUNDS] [THREADS]\n", stderr);
    return 2;
  }
  measure(argv[1], argc > 2 ? std::max(1, number(argv[2])) : 5, argc > 3 ? number(argv[3]) : 0);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "load_weights: %s\n", error.what());
  return 1;
}
