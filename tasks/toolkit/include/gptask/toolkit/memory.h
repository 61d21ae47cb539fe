// How much memory a run will need, before it starts.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "gpt/model/config.h"
#include "gptask/toolkit/request.h"

namespace gptask {

struct MemoryEstimate {
  std::int64_t weights = 0;      ///< bytes, as float32
  std::int64_t optimizer = 0;    ///< gradients and both moments of what is trained
  std::int64_t activations = 0;  ///< of the largest pass
  std::int64_t total() const noexcept { return weights + optimizer + activations; }
};

/// `parameters` of the model and `trainable` of them; `pass_tokens` in the largest pass.
MemoryEstimate estimate_memory(const gpt::ModelConfig& config, Tuning tuning, std::int64_t parameters,
                               std::int64_t trainable, std::int64_t pass_tokens);

/// The most memory this process has held so far, in bytes.
std::int64_t peak_memory();

}  // namespace gptask
