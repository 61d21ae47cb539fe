// Work cut into blocks of rows by shape alone, and sums over rows that do not depend on who adds what.
#pragma once

#include <algorithm>
#include <cstdint>

#include "gpt/tensor/parallel.h"
#include "gpt/tensor/tensor.h"

namespace gpt {

/// Rows that one task takes: about 16,000 values.
inline std::int64_t rows_per_block(std::int64_t columns) {
  return std::clamp<std::int64_t>(16384 / std::max<std::int64_t>(columns, 1), 1, 4096);
}

/// body(row, rows) for blocks that cover a matrix, in parallel.
template <typename Body>
void for_rows(std::int64_t rows, std::int64_t columns, const Body& body) {
  const std::int64_t block = rows_per_block(columns);
  parallel_for((rows + block - 1) / block, [&](std::int64_t i) { body(i * block, std::min(block, rows - i * block)); });
}

template <typename Body>
void for_rows(const Tensor& tensor, const Body& body) {
  for_rows(tensor.rows(), tensor.columns(), body);
}

/// Sums over rows: body(row, rows, partial) adds the rows' contributions to partial[width], which starts at zero; the
/// partial sums of fixed blocks are added in order to out (beta 0: out's old contents do not count).
template <typename Body>
void sum_rows(Arena& arena, std::int64_t rows, std::int64_t width, float beta, float* out, const Body& body) {
  constexpr std::int64_t kBlock = 64;
  const std::int64_t blocks = (rows + kBlock - 1) / kBlock;
  const Tensor partial(arena, Shape::matrix(blocks, width));
  parallel_for(blocks, [&](std::int64_t i) {
    std::fill_n(partial.row(i), width, 0.0F);
    body(i * kBlock, std::min(kBlock, rows - i * kBlock), partial.row(i));
  });
  if (beta == 0.0F) std::fill_n(out, width, 0.0F);
  for (std::int64_t i = 0; i < blocks; ++i)
    for (std::int64_t j = 0; j < width; ++j) out[j] += partial.row(i)[j];
}

}  // namespace gpt
