// Dropout from counters: whether element i survives depends on (seed, step, stream, i) alone.
#pragma once

#include <cstdint>

namespace gpt::kernels {

struct DropoutKey {
  std::uint64_t seed = 0, step = 0, stream = 0;
};

/// out = x / (1 - p) where element first + i survives, else 0; p in [0, 1). Applied to a gradient it is its own
/// backward.
void dropout(std::int64_t n, float p, const DropoutKey& key, std::uint64_t first, const float* x, float* out);

}  // namespace gpt::kernels
