#include "gptask/toolkit/memory.h"

#include <sys/resource.h>

namespace gptask {

MemoryEstimate estimate_memory(const gpt::ModelConfig& config, Tuning tuning, std::int64_t parameters,
                               std::int64_t trainable, std::int64_t pass_tokens) {
  constexpr std::int64_t bytes = sizeof(float);
  MemoryEstimate estimate;
  estimate.weights = parameters * bytes;
  estimate.optimizer = trainable * 3 * bytes;
  // What the tape keeps of a token in a layer: inputs of both norms and projections, queries, keys, values, the
  // attention's output, and the activations of the feed-forward part.
  const std::int64_t projected = (config.heads + 2 * config.kv_heads) * config.head_size;
  const std::int64_t gates = config.mlp == gpt::MlpKind::silu_gated ? 3 : 2;
  const std::int64_t layer = 4 * config.hidden + 2 * projected + gates * config.intermediate;
  const std::int64_t layers = tuning == Tuning::head ? 2 : config.layers + 1;  // frozen layers keep nothing
  estimate.activations = pass_tokens * layer * layers * bytes;
  return estimate;
}

std::int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace gptask
