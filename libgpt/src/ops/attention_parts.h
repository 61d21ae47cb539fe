// What attention with and without a cache share.
#pragma once

#include <algorithm>
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

/// Where the queries, keys and values of a token's row start. The query heads that share a key-value head lie side by
/// side.
struct QkvColumns {
  std::int64_t query, key, value;
};
inline QkvColumns columns_of(const AttentionShape& shape, std::int64_t kv_head) {
  const std::int64_t size = shape.head_size;
  if (shape.interleaved) return {3 * kv_head * size, (3 * kv_head + 1) * size, (3 * kv_head + 2) * size};
  return {kv_head * (shape.heads / shape.kv_heads) * size, (shape.heads + kv_head) * size,
          (shape.heads + shape.kv_heads + kv_head) * size};
}

/// Turns the queries and the key of one key-value head by the angles of a position, forward (1) or back (-1).
inline void rotate_head(const AttentionShape& shape, std::int64_t position, std::int64_t kv_head, float direction,
                        float* row) {
  if (shape.rope == nullptr) return;
  const RopeTable& rope = *shape.rope;
  const QkvColumns at = columns_of(shape, kv_head);
  const auto turn = [&](float* x) {
    kernels::rotate(rope.half(), rope.cosine.row(position), rope.sine.row(position), direction, x);
  };
  for (std::int64_t h = 0; h < shape.heads / shape.kv_heads; ++h) turn(row + at.query + h * shape.head_size);
  turn(row + at.key);
}

/// The first position whose key the query at this one sees; the last is its own.
inline std::int64_t first_seen(const AttentionShape& shape, std::int64_t position) {
  return shape.window > 0 ? std::max<std::int64_t>(0, position + 1 - shape.window) : 0;
}

/// Error mismatch where the projections do not fit the heads, or a sequence is longer than the rotary positions.
void check_attention(const Variable& qkv, const Batch& batch, const AttentionShape& shape);

}  // namespace gpt
