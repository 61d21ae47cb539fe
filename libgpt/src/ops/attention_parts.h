// What attention with and without a cache share.
#pragma once

#include <cstdint>
#include <vector>

#include "gpt/ops/attention.h"
#include "kernels/elementwise.h"

namespace gpt {

constexpr std::int64_t kQueries = 64;  // rows of attention weights held at once

/// Memory of a thread that is kept from call to call.
inline float* scratch(std::size_t slot, std::int64_t values) {
  thread_local std::vector<float> buffers[5];
  if (buffers[slot].size() < static_cast<std::size_t>(values)) buffers[slot].resize(static_cast<std::size_t>(values));
  return buffers[slot].data();
}

/// Turns heads that lie side by side by the angles of a position, forward (1) or back (-1).
inline void rotate_heads(const RopeTable& rope, std::int64_t position, std::int64_t heads, std::int64_t head_size,
                         float direction, float* x) {
  for (std::int64_t h = 0; h < heads; ++h)
    kernels::rotate(rope.half(), rope.cosine.row(position), rope.sine.row(position), direction, x + h * head_size);
}

/// Error mismatch where the projections do not fit the heads, or a sequence is longer than the rotary positions.
void check_attention(const Variable& qkv, const Batch& batch, const AttentionShape& shape);

}  // namespace gpt
