// Products of a few rows in bfloat16: writing reads each weight once, which is all the time there is.
#pragma once

#include <cstdint>

namespace gpt::kernels {

/// As many rows as half_gemm is made for: with more, a product in tiles is faster.
inline constexpr std::int64_t kHalfGemmRows = 8;

/// c[m, n] = a[m, k] * b[n, k] transposed (+ c where `add`) on the calling thread; a and b in bfloat16, sums in
/// float32; rows of a, b and c are contiguous, a_row, b_row and c_row apart.
void half_gemm(std::int64_t m, std::int64_t n, std::int64_t k, const std::uint16_t* a, std::int64_t a_row,
               const std::uint16_t* b, std::int64_t b_row, bool add, float* c, std::int64_t c_row);

}  // namespace gpt::kernels
