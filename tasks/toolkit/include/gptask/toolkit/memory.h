// How much memory a run will need, before it starts; docs/memory.md explains the parts.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "gpt/model/config.h"
#include "gpt/plugin/task.h"

namespace gptask {

/// Bytes. What is there already is measured, the rest follows from formulas.
struct MemoryEstimate {
  std::int64_t program = 0;      ///< program, tokenizer and data, measured
  std::int64_t weights = 0;      ///< with their copies in bfloat16
  std::int64_t optimizer = 0;    ///< both moments of what is trained
  std::int64_t activations = 0;  ///< and gradients, of the largest pass of training or evaluation; or keys and values
  std::int64_t loading = 0;      ///< the most that was held so far
  std::int64_t total() const noexcept;
};

/// "memory: about 1053 MB (52 program and data, ...)"
std::string describe(const MemoryEstimate& estimate);
nlohmann::ordered_json to_json(const MemoryEstimate& estimate);

/// Watches what is no formula: how much the process holds beside the weights.
class MemoryMeter {
 public:
  /// Around the reading of weights.
  void weights_begin();
  void weights_end();
  /// Held now, weights left out.
  std::int64_t program() const;
  /// What is held now, for a model with so many bytes of weights whose inference takes `work` bytes more.
  MemoryEstimate with(std::int64_t weights, std::int64_t work) const;

 private:
  std::int64_t weights_ = 0, before_ = 0;
};

/// The largest pass of a task's inference over examples; where the task writes, with keys and values.
std::int64_t inference_bytes(const gpt::Task& task, const gpt::ModelConfig& config,
                             std::span<const gpt::Example> examples, std::int64_t batch_size, int threads, bool bf16);

/// The most memory this process has held so far, and what it holds now, in bytes.
std::int64_t peak_memory();
std::int64_t resident_memory();
/// What it may take beyond that: the machine's memory that is free or can be freed, and the limits of its control
/// groups. `limit` above 0: the most it may hold in all, whatever there is.
std::int64_t available_memory(std::int64_t limit);

/// Error memory where the run does not fit: what it needs, what there is, and `advice`.
void check_fits(const MemoryEstimate& estimate, std::int64_t limit, const std::string& advice);

}  // namespace gptask
