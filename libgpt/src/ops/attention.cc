#include "gpt/ops/attention.h"

#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"
#include "gpt/tensor/parallel.h"
#include "kernels/dropout.h"
#include "kernels/small_gemm.h"
#include "kernels/softmax.h"
#include "ops/attention_parts.h"

namespace gpt {
namespace {

using kernels::small_gemm;

/// The keys and values of one head of one sequence, and the query heads that share them.
struct HeadView {
  std::int64_t first_token, length, head, group, row, out_row;
  const float *query, *key, *value;  // of the first token (and first query head)
};

/// Queries [query, query + rows) of a sequence and the keys that they see: [key, query + rows), `count` of them.
struct Rows {
  std::int64_t query, rows, key, count;
};

class Attention {
 public:
  Attention(const AttentionShape& shape, const Batch& batch, const Tensor& qkv, const kernels::DropoutKey& key,
            float dropout)
      : shape_(shape),
        batch_(batch),
        qkv_(qkv),
        key_(key),
        dropout_(dropout),
        scale_(1.0F / std::sqrt(static_cast<float>(shape.head_size))) {}

  std::int64_t tasks() const { return batch_.sequences() * shape_.kv_heads; }

  HeadView view(std::int64_t task) const {
    const auto sequence = static_cast<std::size_t>(task / shape_.kv_heads);
    const std::int64_t kv = task % shape_.kv_heads, group = shape_.heads / shape_.kv_heads;
    const QkvColumns at = columns_of(shape_, kv);
    const std::int64_t first = batch_.offsets[sequence];
    const float* const base = qkv_.row(first);
    return {first,          batch_.offsets[sequence + 1] - first, kv * group,      group,
            qkv_.columns(), shape_.heads * shape_.head_size,      base + at.query, base + at.key,
            base + at.value};
  }

  void forward(std::int64_t task, const Tensor& out, const Tensor& log_sums) const {
    const HeadView v = view(task);
    float* const keys = transposed(v, v.key, 0);
    for (std::int64_t h = 0; h < v.group; ++h)
      for (std::int64_t q0 = 0; q0 < v.length; q0 += kQueries) {
        const Rows r = rows_from(v, q0);
        float* const weights = scores(v, keys, h, r);
        for (std::int64_t i = 0; i < r.rows; ++i) {
          const Seen seen = seen_by(r, i);
          float* const row = weights + i * r.count;
          const std::int64_t token = v.first_token + q0 + i;
          log_sums.row(token)[v.head + h] = kernels::softmax(seen.count, row + seen.first).total();
          blank(r, seen, row);
          drop(token, v.head + h, seen, row);
        }
        small_gemm(r.rows, shape_.head_size, r.count, 1.0F, {weights, r.count, 1}, v.value + r.key * v.row, v.row, 0.0F,
                   out.row(v.first_token + q0) + (v.head + h) * shape_.head_size, v.out_row);
      }
  }

  void backward(std::int64_t task, const Tensor& out, const Tensor& log_sums, const Tensor& dout,
                const Tensor& dqkv) const {
    const HeadView v = view(task);
    const std::int64_t size = shape_.head_size;
    float* const keys = transposed(v, v.key, 0);
    float* const values = transposed(v, v.value, 2);
    float* const base = dqkv.row(v.first_token);
    float* const dquery = base + (v.query - qkv_.row(v.first_token));
    float* const dkey = base + (v.key - qkv_.row(v.first_token));
    float* const dvalue = base + (v.value - qkv_.row(v.first_token));
    for (std::int64_t t = 0; t < v.length; ++t) {  // heads and blocks of queries add to keys and values
      std::fill_n(dkey + t * v.row, size, 0.0F);
      std::fill_n(dvalue + t * v.row, size, 0.0F);
    }
    for (std::int64_t h = 0; h < v.group; ++h)
      for (std::int64_t q0 = 0; q0 < v.length; q0 += kQueries) {
        const Rows r = rows_from(v, q0);
        const float* const dy = dout.row(v.first_token + q0) + (v.head + h) * size;
        float* const weights = scores(v, keys, h, r);
        float* const dweights = scratch(3, kQueries * r.count);
        float* const dropped = dropout_ > 0.0F ? scratch(4, kQueries * r.count) : weights;
        small_gemm(r.rows, r.count, size, 1.0F, {dy, v.out_row, 1}, values + r.key, v.length, 0.0F, dweights, r.count);
        for (std::int64_t i = 0; i < r.rows; ++i) {
          const Seen seen = seen_by(r, i);
          const std::int64_t token = v.first_token + q0 + i;
          float *const row = weights + i * r.count, *const drow = dweights + i * r.count;
          kernels::exp_shifted(seen.count, log_sums.row(token)[v.head + h], row + seen.first);
          blank(r, seen, row);
          blank(r, seen, drow);
          if (dropout_ > 0.0F) {
            std::copy_n(row, r.count, dropped + i * r.count);
            drop(token, v.head + h, seen, dropped + i * r.count);
            drop(token, v.head + h, seen, drow);
          }
          // sum_j p_ij dp_ij = dy_i . y_i
          const float correction = kernels::dot(size, dy + i * v.out_row, out.row(token) + (v.head + h) * size);
          kernels::softmax_backward(seen.count, row + seen.first, correction, drow + seen.first);
        }
        const float* const query = v.query + h * size + q0 * v.row;
        small_gemm(r.count, size, r.rows, 1.0F, {dropped, 1, r.count}, dy, v.out_row, 1.0F, dvalue + r.key * v.row,
                   v.row);
        small_gemm(r.count, size, r.rows, scale_, {dweights, 1, r.count}, query, v.row, 1.0F, dkey + r.key * v.row,
                   v.row);
        small_gemm(r.rows, size, r.count, scale_, {dweights, r.count, 1}, v.key + r.key * v.row, v.row, 0.0F,
                   dquery + h * size + q0 * v.row, v.row);
      }
  }

 private:
  /// The part of a row of weights that its query sees.
  struct Seen {
    std::int64_t first, count;
  };

  Rows rows_from(const HeadView& v, std::int64_t query) const {
    const std::int64_t rows = std::min(kQueries, v.length - query), key = first_seen(shape_, query);
    return {query, rows, key, query + rows - key};
  }

  Seen seen_by(const Rows& r, std::int64_t i) const {
    const std::int64_t first = first_seen(shape_, r.query + i);
    return {first - r.key, r.query + i + 1 - first};
  }

  static void blank(const Rows& r, const Seen& seen, float* row) {
    std::fill(row, row + seen.first, 0.0F);
    std::fill(row + seen.first + seen.count, row + r.count, 0.0F);
  }

  /// [head_size, length] of keys or values.
  float* transposed(const HeadView& v, const float* rows, std::size_t slot) const {
    float* const out = scratch(slot, shape_.head_size * v.length);
    kernels::transpose(v.length, shape_.head_size, rows, v.row, out, v.length);
    return out;
  }

  /// scale q k' for these queries and keys: [rows, count].
  float* scores(const HeadView& v, const float* keys, std::int64_t h, const Rows& r) const {
    float* const out = scratch(1, kQueries * r.count);
    small_gemm(r.rows, r.count, shape_.head_size, scale_, {v.query + h * shape_.head_size + r.query * v.row, v.row, 1},
               keys + r.key, v.length, 0.0F, out, r.count);
    return out;
  }

  void drop(std::int64_t token, std::int64_t head, const Seen& seen, float* row) const {
    float* const from = row + seen.first;
    if (dropout_ > 0.0F)
      kernels::dropout(seen.count, dropout_, key_, static_cast<std::uint64_t>(token * shape_.heads + head) << 24, from,
                       from);
  }

  AttentionShape shape_;
  const Batch& batch_;
  Tensor qkv_;
  kernels::DropoutKey key_;
  float dropout_, scale_;
};

/// Turns the queries and keys of every token, forward or back.
void rotate_rows(const Tensor& qkv, const Batch& batch, const AttentionShape& shape, float direction) {
  if (shape.rope == nullptr) return;
  parallel_for(batch.sequences(), [&](std::int64_t s) {
    const auto sequence = static_cast<std::size_t>(s);
    const std::int64_t past = batch.past_of(static_cast<std::int32_t>(s));
    for (std::int64_t first = batch.offsets[sequence], t = first; t < batch.offsets[sequence + 1]; ++t)
      for (std::int64_t kv = 0; kv < shape.kv_heads; ++kv)
        rotate_head(shape, past + t - first, kv, direction, qkv.row(t));
  });
}

class AttentionNode final : public Node {
 public:
  AttentionNode(Variable qkv, Variable y, Tensor log_sums, const Batch& batch, const AttentionShape& shape,
                const kernels::DropoutKey& key, float dropout)
      : qkv_(std::move(qkv)),
        y_(std::move(y)),
        log_sums_(std::move(log_sums)),
        batch_(batch),
        shape_(shape),
        key_(key),
        dropout_(dropout) {}

  void backward() override {
    if (!y_.grad()) return;
    const Attention work(shape_, batch_, qkv_.value(), key_, dropout_);
    Tensor dqkv = qkv_.tape().empty(qkv_.rows(), qkv_.columns());
    parallel_for(work.tasks(), [&](std::int64_t task) { work.backward(task, y_.value(), log_sums_, y_.grad(), dqkv); });
    rotate_rows(dqkv, batch_, shape_, -1.0F);
    add_grad(qkv_, std::move(dqkv));
  }

 private:
  Variable qkv_, y_;
  Tensor log_sums_;  // [tokens, heads]
  const Batch& batch_;
  AttentionShape shape_;
  kernels::DropoutKey key_;
  float dropout_;
};

}  // namespace

void check_attention(const Variable& qkv, const Batch& batch, const AttentionShape& shape) {
  if (shape.heads < 1 || shape.kv_heads < 1 || shape.heads % shape.kv_heads != 0)
    fail(ErrorCode::mismatch, "{} attention heads cannot share {} key-value heads evenly", shape.heads, shape.kv_heads);
  if (shape.interleaved && shape.heads != shape.kv_heads)
    fail(ErrorCode::mismatch, "interleaved heads are no groups: {} heads, {} key-value heads", shape.heads,
         shape.kv_heads);
  if (shape.rope != nullptr && 2 * shape.rope->half() > shape.head_size)
    fail(ErrorCode::mismatch, "rotary positions of {} values for heads of {}", 2 * shape.rope->half(), shape.head_size);
  const std::int64_t width = (shape.heads + 2 * shape.kv_heads) * shape.head_size;
  if (qkv.columns() != width || qkv.rows() != batch.token_count())
    fail(ErrorCode::mismatch, "attention of {} + 2 x {} heads of {} over {} tokens takes [{}, {}], not [{}, {}]",
         shape.heads, shape.kv_heads, shape.head_size, batch.token_count(), batch.token_count(), width, qkv.rows(),
         qkv.columns());
  batch.check_past();
  for (std::int32_t s = 0; shape.rope != nullptr && s < batch.sequences(); ++s)
    if (const std::int32_t tokens = batch.past_of(s) + batch.length(s); tokens > shape.rope->cosine.rows())
      fail(ErrorCode::mismatch, "a sequence of {} tokens is longer than the model's context of {}", tokens,
           shape.rope->cosine.rows());
}

Variable attention(const Variable& qkv, const Batch& batch, const AttentionShape& shape) {
  check_attention(qkv, batch, shape);
  Tape& tape = qkv.tape();
  const float p = tape.recording() ? shape.dropout : 0.0F;
  const kernels::DropoutKey key =
      p > 0.0F ? kernels::DropoutKey{tape.seed(), tape.step(), tape.next_random_stream()} : kernels::DropoutKey{};
  rotate_rows(qkv.value(), batch, shape, 1.0F);
  Variable y = tape.variable(tape.empty(qkv.rows(), shape.heads * shape.head_size), qkv.needs_grad());
  Tensor log_sums = tape.empty(qkv.rows(), shape.heads);
  const Attention work(shape, batch, qkv.value(), key, p);
  parallel_for(work.tasks(), [&](std::int64_t task) { work.forward(task, y.value(), log_sums); });
  if (y.needs_grad()) tape.record<AttentionNode>(qkv, y, std::move(log_sums), batch, shape, key, p);
  return y;
}

}  // namespace gpt
