#include <algorithm>
#include <cmath>
#include <vector>

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

/// One call: its sequences, their blocks, its rows.
class CachedAttention {
 public:
  CachedAttention(const AttentionShape& shape, const Batch& batch, const CacheView& cache, const Tensor& qkv,
                  const Tensor& out)
      : shape_(shape), batch_(batch), cache_(cache), qkv_(qkv), out_(out) {}

  /// Turns the new tokens of one sequence for one key-value head, and puts their keys and values into the cache.
  void store(std::int32_t sequence, std::int64_t kv) const {
    const Tokens tokens = tokens_of(sequence);
    const QkvColumns at = columns_of(shape_, kv);
    const CachedHead head(shape_, cache_, sequence, kv);
    for (std::int64_t t = 0; t < tokens.count; ++t) {
      float* const row = qkv_.row(tokens.first + t);
      rotate_head(shape_, tokens.past + t, kv, 1.0F, row);
      head.store(tokens.past + t, row + at.key, row + at.value);
    }
  }

  /// The heads of a single new token that share one key-value head.
  void attend_token(std::int32_t sequence, std::int64_t kv) const {
    const Tokens tokens = tokens_of(sequence);
    const std::int64_t size = shape_.head_size;
    CachedHead(shape_, cache_, sequence, kv)
        .attend({query(tokens.first, kv, 0), out(tokens.first, kv, 0), group(), size, size, tokens.past, 0});
  }

  /// One head of the new tokens from `begin` on, as many as are worked on at once.
  void attend_block(std::int32_t sequence, std::int64_t kv, std::int64_t h, std::int64_t begin) const {
    const Tokens tokens = tokens_of(sequence);
    CachedHead(shape_, cache_, sequence, kv)
        .attend({query(tokens.first + begin, kv, h), out(tokens.first + begin, kv, h),
                 std::min(kQueries, tokens.count - begin), qkv_.columns(), out_.columns(), tokens.past + begin, 1});
  }

  std::int64_t group() const { return shape_.heads / shape_.kv_heads; }

 private:
  struct Tokens {
    std::int64_t first, count, past;
  };
  Tokens tokens_of(std::int32_t sequence) const {
    return {batch_.offsets[static_cast<std::size_t>(sequence)], batch_.length(sequence), batch_.past_of(sequence)};
  }
  const float* query(std::int64_t row, std::int64_t kv, std::int64_t h) const {
    return qkv_.row(row) + columns_of(shape_, kv).query + h * shape_.head_size;
  }
  float* out(std::int64_t row, std::int64_t kv, std::int64_t h) const {
    return out_.row(row) + (kv * group() + h) * shape_.head_size;
  }

  const AttentionShape& shape_;
  const Batch& batch_;
  const CacheView& cache_;
  Tensor qkv_, out_;
};

/// A block of queries of a sequence of several new tokens.
struct QueryBlock {
  std::int32_t sequence;
  std::int64_t begin;
};

/// Those of all such sequences; of each the last block, which sees most, first.
std::vector<QueryBlock> query_blocks(const Batch& batch) {
  std::vector<QueryBlock> found;
  for (std::int32_t s = 0; s < batch.sequences(); ++s)
    for (std::int64_t count = batch.length(s) > 1 ? batch.length(s) : 0; count > 0;) {
      const std::int64_t begin = (count - 1) / kQueries * kQueries;
      found.push_back({s, begin});
      count = begin;
    }
  return found;
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
  const CachedAttention work(shape, batch, cache, qkv.value(), y.value());
  parallel_for(batch.sequences() * shape.kv_heads, [&](std::int64_t task) {
    const auto sequence = static_cast<std::int32_t>(task / shape.kv_heads);
    work.store(sequence, task % shape.kv_heads);
    if (batch.length(sequence) == 1) work.attend_token(sequence, task % shape.kv_heads);
  });
  const std::vector<QueryBlock> blocks = query_blocks(batch);
  parallel_for(static_cast<std::int64_t>(blocks.size()) * shape.heads, [&](std::int64_t task) {
    const QueryBlock& block = blocks[static_cast<std::size_t>(task / shape.heads)];
    const std::int64_t head = task % shape.heads;
    work.attend_block(block.sequence, head / work.group(), head % work.group(), block.begin);
  });
  if (cache.maps != nullptr) cache.maps->push_back(attention_weights(qkv, batch, shape));
  return y;
}

}  // namespace gpt
