#include "gptask/toolkit/memory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/generate/memory.h"
#include "gpt/model/memory.h"

namespace gptask {
namespace {

constexpr std::int64_t kFirstUse = 10'000'000;  // code and threads that come in while it runs
constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::max();

/// The number at the beginning of a file; kUnknown where there is none ("max").
std::int64_t number_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size() ? value : kUnknown;
}

/// The line "NAME: number kB" of a file in /proc, in bytes; kUnknown where there is none.
std::int64_t line_in(const char* path, const std::string& name) {
  std::ifstream file(path);
  std::string word;
  while (file >> word)
    if (word == name + ":") {
      std::int64_t kilobytes = 0;
      return file >> kilobytes ? kilobytes * 1024 : kUnknown;
    }
  return kUnknown;
}

/// What a control group leaves; the page cache that is counted against it can be freed.
std::int64_t group_leaves(const std::filesystem::path& folder, const char* most, const char* now) {
  const std::int64_t limit = number_in(folder / most), used = number_in(folder / now);
  if (limit == kUnknown || used == kUnknown) return kUnknown;
  std::int64_t cached = 0;
  std::ifstream statistics(folder / "memory.stat");
  std::string name;
  for (std::int64_t value = 0; statistics >> name >> value;)
    if (name == "inactive_file") cached = value;
  return std::max<std::int64_t>(0, limit - used + cached);
}

/// All control groups that this process is in, version 2 and version 1.
std::int64_t groups_leave() {
  const std::filesystem::path root = "/sys/fs/cgroup";
  std::int64_t least = group_leaves(root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes");
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("0::/", 0) != 0) continue;
    for (std::filesystem::path group = line.substr(4);; group = group.parent_path()) {
      least = std::min(least, group_leaves(root / group, "memory.max", "memory.current"));
      if (group.empty()) break;
    }
  }
  return least;
}

}  // namespace

std::int64_t MemoryEstimate::total() const noexcept {
  return std::max(loading, program + weights + optimizer + activations);
}

std::string describe(const MemoryEstimate& estimate) {
  const auto megabytes = [](std::int64_t bytes) { return (bytes + 500'000) / 1'000'000; };
  const std::string moments =
      estimate.optimizer > 0 ? fmt::format("{} moments, ", megabytes(estimate.optimizer)) : std::string();
  return fmt::format("memory: about {} MB ({} program and data, {} weights, {}{} {}activations)",
                     megabytes(estimate.total()), megabytes(estimate.program), megabytes(estimate.weights), moments,
                     megabytes(estimate.activations), moments.empty() ? "" : "gradients and ");
}

nlohmann::ordered_json to_json(const MemoryEstimate& estimate) {
  return {{"total", estimate.total()},       {"program", estimate.program},         {"weights", estimate.weights},
          {"optimizer", estimate.optimizer}, {"activations", estimate.activations}, {"loading", estimate.loading}};
}

void MemoryMeter::weights_begin() { before_ = resident_memory(); }
void MemoryMeter::weights_end() { weights_ += resident_memory() - before_; }
std::int64_t MemoryMeter::program() const {
  return std::max<std::int64_t>(0, resident_memory() - weights_) + kFirstUse;
}

MemoryEstimate MemoryMeter::with(std::int64_t weights, std::int64_t work) const {
  MemoryEstimate memory;
  memory.program = program();
  memory.weights = weights;
  memory.activations = work;
  memory.loading = peak_memory();
  return memory;
}

std::int64_t inference_bytes(const gpt::Task& task, const gpt::ModelConfig& config,
                             std::span<const gpt::Example> examples, std::int64_t batch_size, int threads, bool bf16) {
  std::vector<std::int64_t> prompts, lengths;
  for (const gpt::Example& example : examples) {
    prompts.push_back(example.target.loss_from);
    lengths.push_back(static_cast<std::int64_t>(example.tokens.size()));
  }
  std::sort(lengths.rbegin(), lengths.rend());
  gpt::PassMemory pass;
  pass.longest = lengths.empty() ? 0 : lengths.front();
  pass.threads = threads;
  pass.bf16 = bf16;
  auto options = task.generation();
  pass.next_tokens = options.has_value();  // the loss of the references, 8 at once
  lengths.resize(std::min(lengths.size(), static_cast<std::size_t>(options ? 8 : batch_size)));
  for (const std::int64_t length : lengths) pass.tokens += length;
  const std::int64_t bytes = gpt::forward_pass_bytes(config, pass);
  if (!options) return bytes;
  options->batch_size = static_cast<std::int32_t>(std::min<std::int64_t>(batch_size, 1024));
  return std::max(bytes, gpt::generation_bytes(config, prompts, *options, threads));
}

std::int64_t peak_memory() {
  // Not getrusage: that knows the process this one was forked from, too.
  const std::int64_t bytes = line_in("/proc/self/status", "VmHWM");
  return bytes == kUnknown ? 0 : bytes;
}

std::int64_t resident_memory() {
  std::ifstream file("/proc/self/statm");
  std::int64_t size = 0, pages = 0;
  return file >> size >> pages ? pages * sysconf(_SC_PAGESIZE) : 0;
}

std::int64_t available_memory(std::int64_t limit) {
  if (limit > 0) return std::max<std::int64_t>(0, limit - resident_memory());
  return std::min(line_in("/proc/meminfo", "MemAvailable"), groups_leave());
}

void check_fits(const MemoryEstimate& estimate, std::int64_t limit, const std::string& advice) {
  const std::int64_t more = estimate.total() - resident_memory(), available = available_memory(limit);
  if (more <= available) return;
  gpt::fail(gpt::ErrorCode::memory, "{}: that is {} MB more than now, and {} MB are {}. Less is needed with {}",
            describe(estimate), more / 1'000'000, available / 1'000'000,
            limit > 0 ? "left of --memory_limit_mb" : "available", advice);
}

}  // namespace gptask
