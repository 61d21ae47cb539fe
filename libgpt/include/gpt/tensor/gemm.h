// Matrix products, in float32 or bfloat16: cut into tiles by shape alone, each tile one single-threaded oneDNN call.
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

/// The same in bfloat16 (the upper half of a float32), for products that add up in float32.
struct HalfMatrix {
  const std::uint16_t* data;
  std::int64_t stride;
  bool transposed = false;
};

/// A length that varies from batch to batch (tokens) is padded to a multiple of this in bfloat16 matrices: the number
/// of shapes that oneDNN sees stays small.
inline constexpr std::int64_t kHalfPad = 32;
inline constexpr std::int64_t half_padded(std::int64_t length) noexcept {
  return (length + kHalfPad - 1) / kHalfPad * kHalfPad;
}

/// c = a * b + beta * c for beta 0 or 1. Where `a` is not transposed its memory must go on to half_padded(m) rows;
/// what stands there does not matter. A few rows with weights as rows of b are a kernel's work, as writing needs them.
/// Needs hardware_bf16().
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, HalfMatrix a, HalfMatrix b, float beta, float* c,
          std::int64_t stride, const std::function<void(const Tile&)>& finish = {});

/// Whether this machine multiplies bfloat16 in hardware: elsewhere it would be slower than float32.
bool hardware_bf16() noexcept;

}  // namespace gpt
