// Products too small or too thin for a library call: attention of one head, LoRA's rank-r sides.
#pragma once

#include <cstdint>

namespace gpt::kernels {

/// A matrix by its strides: element (i, j) at data[i * row + j * column], so that a transpose costs nothing.
struct Strided {
  const float* data;
  std::int64_t row, column;
};

/// c[m, n] = alpha * a[m, k] * b[k, n] + beta * c on the calling thread; rows of b and c are contiguous, b_row and
/// c_row apart. beta 0 does not read c.
void small_gemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, Strided a, const float* b,
                std::int64_t b_row, float beta, float* c, std::int64_t c_row);

/// out[columns, rows] = in[rows, columns] transposed; rows of `in` are in_row apart, of `out` out_row.
void transpose(std::int64_t rows, std::int64_t columns, const float* in, std::int64_t in_row, float* out,
               std::int64_t out_row);

}  // namespace gpt::kernels
