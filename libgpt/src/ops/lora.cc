#include "ops/lora.h"

#include "kernels/small_gemm.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

using kernels::small_gemm;
using kernels::Strided;

/// Rows one task takes where a thin product runs along tokens or outputs.
constexpr std::int64_t kRows = 96;

template <typename Body>
void in_blocks(std::int64_t length, std::int64_t block, const Body& body) {
  parallel_for((length + block - 1) / block,
               [&](std::int64_t i) { body(i * block, std::min(block, length - i * block)); });
}

}  // namespace

Tensor lora_down(Arena& arena, const LowRank& adapter, const Tensor& x) {
  const std::int64_t rank = adapter.a->value.rows(), inputs = x.columns();
  const Tensor transposed(arena, Shape::matrix(inputs, rank));
  kernels::transpose(rank, inputs, adapter.a->value.data(), inputs, transposed.data(), rank);
  Tensor down(arena, Shape::matrix(x.rows(), rank));
  in_blocks(x.rows(), kRows, [&](std::int64_t row, std::int64_t rows) {
    small_gemm(rows, rank, inputs, 1.0F, {x.row(row), inputs, 1}, transposed.data(), rank, 0.0F, down.row(row), rank);
  });
  return down;
}

Tensor lora_transposed_b(Arena& arena, const LowRank& adapter) {
  const Tensor& b = adapter.b->value;
  Tensor transposed(arena, Shape::matrix(b.columns(), b.rows()));
  kernels::transpose(b.rows(), b.columns(), b.data(), b.columns(), transposed.data(), b.rows());
  return transposed;
}

void lora_up(const LowRank& adapter, const Tensor& down, const Tensor& transposed_b, const Tile& tile, float* y,
             std::int64_t y_row) {
  const std::int64_t rank = down.columns(), outputs = transposed_b.columns();
  small_gemm(tile.rows, tile.columns, rank, adapter.scale, {down.row(tile.row), rank, 1},
             transposed_b.data() + tile.column, outputs, 1.0F, y + tile.row * y_row + tile.column, y_row);
}

Tensor lora_backward(Arena& arena, const LowRank& adapter, const Tensor& x, const Tensor& down, const float* dy,
                     std::int64_t dy_row) {
  const std::int64_t tokens = x.rows(), inputs = x.columns(), rank = down.columns(), outputs = adapter.b->value.rows();
  Tensor dh(arena, Shape::matrix(tokens, rank));  // scale * dy b
  in_blocks(tokens, kRows, [&](std::int64_t row, std::int64_t rows) {
    small_gemm(rows, rank, outputs, adapter.scale, {dy + row * dy_row, dy_row, 1}, adapter.b->value.data(), rank, 0.0F,
               dh.row(row), rank);
  });
  if (adapter.b->trainable) {  // db = scale * dy' h
    const GradTarget db = grad_target(*adapter.b, arena);
    in_blocks(outputs, kRows, [&](std::int64_t row, std::int64_t rows) {
      small_gemm(rows, rank, tokens, adapter.scale, {dy + row, 1, dy_row}, down.data(), rank, db.beta,
                 db.data + row * rank, rank);
    });
  }
  if (adapter.a->trainable) {  // da = dh' x
    const GradTarget da = grad_target(*adapter.a, arena);
    in_blocks(inputs, kRows, [&](std::int64_t column, std::int64_t columns) {
      small_gemm(rank, columns, tokens, 1.0F, {dh.data(), 1, rank}, x.data() + column, inputs, da.beta,
                 da.data + column, inputs);
    });
  }
  return dh;
}

void lora_input_gradient(const LowRank& adapter, const Tensor& dh, const Tile& tile, float* dx) {
  const std::int64_t rank = dh.columns(), inputs = adapter.a->value.columns();
  small_gemm(tile.rows, tile.columns, rank, 1.0F, {dh.row(tile.row), rank, 1}, adapter.a->value.data() + tile.column,
             inputs, 1.0F, dx + tile.row * inputs + tile.column, inputs);
}

}  // namespace gpt
