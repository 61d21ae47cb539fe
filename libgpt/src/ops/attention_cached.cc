#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"
#include "gpt/tensor/parallel.h"
#include "kernels/small_gemm.h"
#include "kernels/softmax.h"
#include "ops/attention_parts.h"

namespace gpt {
namespace {

using kernels::small_gemm;

constexpr std::int64_t kTokens = CacheView::kTokens;

/// Rows of queries that share keys: successive tokens of one head, or the heads of one token. Row i is at position +
/// i * step.
struct Queries {
  const float* query;
  float* out;
  std::int64_t rows, query_row, out_row, position, step;
};

/// One key-value head of one sequence.
class CachedHead {
 public:
  CachedHead(const AttentionShape& shape, const CacheView& cache, std::int64_t sequence, std::int64_t kv)
      : shape_(shape),
        blocks_(cache.blocks.subspan(static_cast<std::size_t>(cache.offsets[static_cast<std::size_t>(sequence)]))),
        keys_(cache.first + 2 * kv * kTokens * shape.head_size),
        values_(keys_ + kTokens * shape.head_size) {}

  void store(std::int64_t position, const float* key, const float* value) const {
    const std::int64_t slot = position % kTokens, size = shape_.head_size;
    float* const keys = block(position / kTokens) + keys_;
    for (std::int64_t i = 0; i < size; ++i) keys[i * kTokens + slot] = key[i];
    std::copy_n(value, size, block(position / kTokens) + values_ + slot * size);
  }

  void attend(const Queries& q) const {
    const std::int64_t last = q.position + (q.rows - 1) * q.step, size = shape_.head_size;
    const std::int64_t start = first_seen(shape_, q.position) / kTokens * kTokens, count = last + 1 - start;
    const float scale = 1.0F / std::sqrt(static_cast<float>(size));
    float* const weights = scratch(0, q.rows * count);
    for (std::int64_t at = start; at <= last; at += kTokens)
      small_gemm(q.rows, std::min(kTokens, last + 1 - at), size, scale, {q.query, q.query_row, 1},
                 block(at / kTokens) + keys_, kTokens, 0.0F, weights + at - start, count);
    for (std::int64_t i = 0; i < q.rows; ++i) {
      float* const row = weights + i * count;
      const std::int64_t position = q.position + i * q.step, first = first_seen(shape_, position) - start,
                         end = position + 1 - start;
      std::fill(row, row + first, 0.0F);
      kernels::softmax(end - first, row + first);
      std::fill(row + end, row + count, 0.0F);
    }
    for (std::int64_t at = start; at <= last; at += kTokens)
      small_gemm(q.rows, size, std::min(kTokens, last + 1 - at), 1.0F, {weights + at - start, count, 1},
                 block(at / kTokens) + values_, size, at == start ? 0.0F : 1.0F, q.out, q.out_row);
  }

 private:
  float* block(std::int64_t index) const { return blocks_[static_cast<std::size_t>(index)]; }

  const AttentionShape& shape_;
  std::span<float* const> blocks_;
  std::int64_t keys_, values_;  // where they start in a block
};

/// All of a task: the batch's tokens of one sequence, and the heads that share one key-value head.
void run(const AttentionShape& shape, const Batch& batch, const CacheView& cache, std::int64_t sequence,
         std::int64_t kv, const Tensor& qkv, const Tensor& out) {
  const std::int64_t group = shape.heads / shape.kv_heads, size = shape.head_size, to = kv * group * size;
  const QkvColumns at = columns_of(shape, kv);
  const std::int64_t first = batch.offsets[static_cast<std::size_t>(sequence)],
                     length = batch.length(static_cast<std::int32_t>(sequence)),
                     past = batch.past_of(static_cast<std::int32_t>(sequence));
  const CachedHead head(shape, cache, sequence, kv);
  for (std::int64_t t = 0; t < length; ++t) {
    float* const row = qkv.row(first + t);
    rotate_head(shape, past + t, kv, 1.0F, row);
    head.store(past + t, row + at.key, row + at.value);
  }
  if (length == 1) return head.attend({qkv.row(first) + at.query, out.row(first) + to, group, size, size, past, 0});
  for (std::int64_t h = 0; h < group; ++h)
    for (std::int64_t q0 = 0; q0 < length; q0 += kQueries)
      head.attend({qkv.row(first + q0) + at.query + h * size, out.row(first + q0) + to + h * size,
                   std::min(kQueries, length - q0), qkv.columns(), out.columns(), past + q0, 1});
}

}  // namespace

Variable attention_cached(const Variable& qkv, const Batch& batch, const AttentionShape& shape,
                          const CacheView& cache) {
  check_attention(qkv, batch, shape);
  Tape& tape = qkv.tape();
  if (tape.recording()) fail(ErrorCode::mismatch, "cached attention has no backward: use a tape that does not record");
  Variable y = tape.variable(tape.empty(qkv.rows(), shape.heads * shape.head_size), false);
  parallel_for(batch.sequences() * shape.kv_heads, [&](std::int64_t task) {
    run(shape, batch, cache, task / shape.kv_heads, task % shape.kv_heads, qkv.value(), y.value());
  });
  if (cache.maps != nullptr) cache.maps->push_back(attention_weights(qkv, batch, shape));
  return y;
}

}  // namespace gpt
