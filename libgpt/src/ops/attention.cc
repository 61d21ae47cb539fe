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
    const std::int64_t kv = task % shape_.kv_heads, group = shape_.heads / shape_.kv_heads, size = shape_.head_size;
    HeadView v{batch_.offsets[sequence],
               batch_.offsets[sequence + 1] - batch_.offsets[sequence],
               kv * group,
               group,
               qkv_.columns(),
               shape_.heads * size,
               nullptr,
               nullptr,
               nullptr};
    const float* const base = qkv_.row(v.first_token);
    v.query = base + v.head * size;
    v.key = base + (shape_.heads + kv) * size;
    v.value = base + (shape_.heads + shape_.kv_heads + kv) * size;
    return v;
  }

  void forward(std::int64_t task, const Tensor& out, const Tensor& log_sums) const {
    const HeadView v = view(task);
    float* const keys = transposed(v, v.key, 0);
    for (std::int64_t h = 0; h < v.group; ++h)
      for (std::int64_t q0 = 0; q0 < v.length; q0 += kQueries) {
        const std::int64_t rows = std::min(kQueries, v.length - q0), count = q0 + rows;
        float* const weights = scores(v, keys, h, q0, rows);
        for (std::int64_t i = 0; i < rows; ++i) {
          float* const row = weights + i * count;
          const std::int64_t token = v.first_token + q0 + i;
          log_sums.row(token)[v.head + h] = kernels::softmax(q0 + i + 1, row).total();
          std::fill(row + q0 + i + 1, row + count, 0.0F);
          drop(token, v.head + h, q0 + i + 1, row);
        }
        small_gemm(rows, shape_.head_size, count, 1.0F, {weights, count, 1}, v.value, v.row, 0.0F,
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
    float beta = 0.0F;  // later heads and blocks add to keys and values
    for (std::int64_t h = 0; h < v.group; ++h)
      // The last block first: it reaches all keys, so that beta 0 initializes every row.
      for (std::int64_t q0 = (v.length - 1) / kQueries * kQueries; q0 >= 0; q0 -= kQueries, beta = 1.0F) {
        const std::int64_t rows = std::min(kQueries, v.length - q0), count = q0 + rows;
        const float* const dy = dout.row(v.first_token + q0) + (v.head + h) * size;
        float* const weights = scores(v, keys, h, q0, rows);
        float* const dweights = scratch(3, kQueries * count);
        float* const dropped = dropout_ > 0.0F ? scratch(4, kQueries * count) : weights;
        small_gemm(rows, count, size, 1.0F, {dy, v.out_row, 1}, values, v.length, 0.0F, dweights, count);
        for (std::int64_t i = 0; i < rows; ++i) {
          const std::int64_t token = v.first_token + q0 + i, seen = q0 + i + 1;
          float* const row = weights + i * count;
          kernels::exp_shifted(seen, log_sums.row(token)[v.head + h], row);
          std::fill(row + seen, row + count, 0.0F);
          std::fill(dweights + i * count + seen, dweights + (i + 1) * count, 0.0F);
          if (dropout_ > 0.0F) {
            std::copy_n(row, count, dropped + i * count);
            drop(token, v.head + h, seen, dropped + i * count);
            drop(token, v.head + h, seen, dweights + i * count);
          }
          // sum_j p_ij dp_ij = dy_i . y_i
          const float correction = kernels::dot(size, dy + i * v.out_row, out.row(token) + (v.head + h) * size);
          kernels::softmax_backward(seen, row, correction, dweights + i * count);
        }
        small_gemm(count, size, rows, 1.0F, {dropped, 1, count}, dy, v.out_row, beta, dvalue, v.row);
        small_gemm(count, size, rows, scale_, {dweights, 1, count}, v.query + h * size + q0 * v.row, v.row, beta, dkey,
                   v.row);
        small_gemm(rows, size, count, scale_, {dweights, count, 1}, v.key, v.row, 0.0F, dquery + h * size + q0 * v.row,
                   v.row);
      }
  }

 private:
  /// [head_size, length] of keys or values.
  float* transposed(const HeadView& v, const float* rows, std::size_t slot) const {
    float* const out = scratch(slot, shape_.head_size * v.length);
    kernels::transpose(v.length, shape_.head_size, rows, v.row, out, v.length);
    return out;
  }

  /// scale q k' for queries [q0, q0 + rows) and the keys up to the last of them: [rows, q0 + rows].
  float* scores(const HeadView& v, const float* keys, std::int64_t h, std::int64_t q0, std::int64_t rows) const {
    const std::int64_t count = q0 + rows;
    float* const out = scratch(1, kQueries * count);
    small_gemm(rows, count, shape_.head_size, scale_, {v.query + h * shape_.head_size + q0 * v.row, v.row, 1}, keys,
               v.length, 0.0F, out, count);
    return out;
  }

  void drop(std::int64_t token, std::int64_t head, std::int64_t n, float* row) const {
    if (dropout_ > 0.0F)
      kernels::dropout(n, dropout_, key_, static_cast<std::uint64_t>(token * shape_.heads + head) << 24, row, row);
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
      rotate_heads(*shape.rope, past + t - first, shape.heads + shape.kv_heads, shape.head_size, direction, qkv.row(t));
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

RopeTable make_rope(std::int64_t positions, std::int64_t rotated, double theta) {
  const std::int64_t half = rotated / 2;
  RopeTable table{Tensor::zeros(Shape::matrix(positions, half)), Tensor::zeros(Shape::matrix(positions, half))};
  for (std::int64_t i = 0; i < half; ++i) {
    // In float32, as Transformers computes the frequencies.
    const float frequency =
        1.0F / static_cast<float>(
                   std::pow(static_cast<float>(theta), static_cast<float>(2 * i) / static_cast<float>(rotated)));
    for (std::int64_t p = 0; p < positions; ++p) {
      const float angle = static_cast<float>(p) * frequency;
      table.cosine.row(p)[i] = std::cos(angle);
      table.sine.row(p)[i] = std::sin(angle);
    }
  }
  return table;
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
