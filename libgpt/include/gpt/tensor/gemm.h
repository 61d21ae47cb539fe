// Matrix products in float32: cut into tiles by shape alone, each tile one single-threaded oneDNN call.
#pragma once

#include <cstdint>
#include <functional>

namespace gpt {

/// A row-major matrix somewhere in memory; transposed means the product uses its transpose.
struct Matrix {
  const float* data;
  std::int64_t stride;  ///< between rows
  bool transposed = false;
};

/// Rows [row, row + rows) and columns [column, column + columns) of the result.
struct Tile {
  std::int64_t row, rows, column, columns;
};

/// c[m, n] = alpha * a[m, k] * b[k, n] + beta * c, c with `stride` between rows. `finish`, where given, is called once
/// for each tile after its product (bias, activation while the tile is in the cache).
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c,
          std::int64_t stride, const std::function<void(const Tile&)>& finish = {});

}  // namespace gpt
