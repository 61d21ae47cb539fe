#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"
#include "gpt/tensor/parallel.h"
#include "kernels/bfloat16.h"
#include "kernels/cache.h"
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

/// Keys and values of one key-value head in one block, read and written in the cache's type.
class HeadBlock {
 public:
  HeadBlock(CacheType type, std::int64_t size, std::byte* data) : type_(type), size_(size), data_(data) {}

  void store(std::int64_t slot, const float* key, const float* value) const {
    if (type_ == CacheType::float32) {
      put<float>(slot, key, value, [](std::int64_t n, const float* in, float* out) { std::copy_n(in, n, out); });
    } else if (type_ == CacheType::bfloat16) {
      put<std::uint16_t>(slot, key, value, kernels::to_bfloat16);
    } else {
      put<std::int8_t>(slot, key, value,
                       [scale = scales() + slot](std::int64_t n, const float* in, std::int8_t* out) mutable {
                         *scale = kernels::to_int8(n, in, out);
                         scale += kTokens;
                       });
    }
  }

  /// [head_size, kTokens] without their scales; may lie in the thread's scratch until the next call.
  const float* keys() const { return widened(0); }
  /// [kTokens, head_size], likewise.
  const float* values() const { return widened(kTokens * size_); }

  /// What columns of `rows` rows of weights, `stride` apart, are multiplied with: the scales of keys or of values.
  void scale_columns(bool of_values, std::int64_t rows, std::int64_t columns, float* weights,
                     std::int64_t stride) const {
    if (type_ != CacheType::int8) return;
    const float* const by = scales() + (of_values ? kTokens : 0);
    for (std::int64_t i = 0; i < rows; ++i) kernels::multiply(columns, by, weights + i * stride);
  }

 private:
  template <typename Element>
  Element* elements() const {
    return reinterpret_cast<Element*>(data_);
  }
  float* scales() const { return reinterpret_cast<float*>(data_ + 2 * kTokens * size_); }

  template <typename Element, typename Round>
  void put(std::int64_t slot, const float* key, const float* value, Round round) const {
    auto* const column = reinterpret_cast<Element*>(scratch(1, size_));
    round(size_, key, column);
    for (std::int64_t i = 0; i < size_; ++i) elements<Element>()[i * kTokens + slot] = column[i];
    round(size_, value, elements<Element>() + (kTokens + slot) * size_);
  }

  const float* widened(std::int64_t first) const {
    if (type_ == CacheType::float32) return elements<float>() + first;
    const std::int64_t n = kTokens * size_;
    float* const out = scratch(1, n);
    if (type_ == CacheType::bfloat16) {
      kernels::from_bfloat16(n, elements<std::uint16_t>() + first, out);
    } else {
      kernels::from_int8(n, elements<std::int8_t>() + first, out);
    }
    return out;
  }

  CacheType type_;
  std::int64_t size_;
  std::byte* data_;
};

/// One key-value head of one sequence.
class CachedHead {
 public:
  CachedHead(const AttentionShape& shape, const CacheView& cache, std::int64_t sequence, std::int64_t kv)
      : shape_(shape),
        type_(cache.type),
        blocks_(cache.blocks.subspan(static_cast<std::size_t>(cache.offsets[static_cast<std::size_t>(sequence)]))),
        first_(cache.first + kv * CacheView::head_bytes(cache.type, shape.head_size)) {}

  void store(std::int64_t position, const float* key, const float* value) const {
    block(position).store(position % kTokens, key, value);
  }

  void attend(const Queries& q) const {
    const std::int64_t last = q.position + (q.rows - 1) * q.step, size = shape_.head_size;
    const std::int64_t start = first_seen(shape_, q.position) / kTokens * kTokens, count = last + 1 - start;
    const float scale = 1.0F / std::sqrt(static_cast<float>(size));
    float* const weights = scratch(0, q.rows * count);
    for (std::int64_t at = start; at <= last; at += kTokens) {
      const HeadBlock held = block(at);
      const std::int64_t columns = std::min(kTokens, last + 1 - at);
      small_gemm(q.rows, columns, size, scale, {q.query, q.query_row, 1}, held.keys(), kTokens, 0.0F,
                 weights + at - start, count);
      held.scale_columns(false, q.rows, columns, weights + at - start, count);
    }
    for (std::int64_t i = 0; i < q.rows; ++i) {
      float* const row = weights + i * count;
      const std::int64_t position = q.position + i * q.step, first = first_seen(shape_, position) - start,
                         end = position + 1 - start;
      std::fill(row, row + first, 0.0F);
      kernels::softmax(end - first, row + first);
      std::fill(row + end, row + count, 0.0F);
    }
    for (std::int64_t at = start; at <= last; at += kTokens) {
      const HeadBlock held = block(at);
      const std::int64_t columns = std::min(kTokens, last + 1 - at);
      held.scale_columns(true, q.rows, columns, weights + at - start, count);
      small_gemm(q.rows, size, columns, 1.0F, {weights + at - start, count, 1}, held.values(), size,
                 at == start ? 0.0F : 1.0F, q.out, q.out_row);
    }
  }

 private:
  /// The block that a position lies in.
  HeadBlock block(std::int64_t position) const {
    return {type_, shape_.head_size, blocks_[static_cast<std::size_t>(position / kTokens)] + first_};
  }

  const AttentionShape& shape_;
  CacheType type_;
  std::span<std::byte* const> blocks_;
  std::int64_t first_;  // byte of a block where this head begins
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

std::int64_t CacheView::head_bytes(CacheType type, std::int64_t head_size) noexcept {
  const std::int64_t numbers = 2 * kTokens * head_size, whole = sizeof(float);
  if (type == CacheType::float32) return numbers * whole;
  return type == CacheType::bfloat16 ? numbers * 2 : numbers + 2 * kTokens * whole;
}

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
