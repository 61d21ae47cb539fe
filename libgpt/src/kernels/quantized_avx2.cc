// AVX2: maddubs multiplies unsigned by signed bytes and adds pairs in 16 bits.
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>

#include "kernels/fetch.h"
#include "kernels/quantized_targets.h"

#define GPT_TARGET __attribute__((target("avx2,fma,f16c")))

namespace gpt::kernels {
namespace {

GPT_TARGET inline __attribute__((always_inline)) __m256i load(const std::uint8_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

GPT_TARGET inline __attribute__((always_inline)) __m256 load_half(const std::uint8_t* at) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}

/// Eight rows' sums over a block. Four bits: 8 x 2 x 15 x 127 fits into 16 bits, so one widening a block is enough.
template <bool kFour>
GPT_TARGET inline __attribute__((always_inline)) __m256i dot(const std::uint8_t* block, const std::int8_t* values) {
  const auto* const q = reinterpret_cast<const int*>(values);
  const __m256i ones = _mm256_set1_epi16(1);
  if (kFour) {
    const __m256i low = _mm256_set1_epi8(15);
    __m256i pairs = _mm256_setzero_si256();
    for (int h = 0; h < 4; ++h) {
      const __m256i both = load(block + 64 * h);
      const __m256i first = _mm256_and_si256(both, low), second = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
      pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(first, _mm256_set1_epi32(q[2 * h])));
      pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(second, _mm256_set1_epi32(q[2 * h + 1])));
    }
    return _mm256_madd_epi16(pairs, ones);
  }
  __m256i sum = _mm256_setzero_si256();
  for (int g = 0; g < 8; ++g) {
    const __m256i w = load(block + 64 * g), x = _mm256_set1_epi32(q[g]);
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
  }
  return sum;
}

GPT_TARGET inline __attribute__((always_inline)) void store(float* y, std::int64_t columns, __m256 value) {
  if (columns >= 8) {
    _mm256_storeu_ps(y, value);
  } else if (columns > 0) {
    alignas(32) float lanes[8];
    _mm256_store_ps(lanes, value);
    for (std::int64_t i = 0; i < columns; ++i) y[i] = lanes[i];
  }
}

/// Eight of the group's rows (the first or second half of each vector), kRows rows of activations.
template <int kRows, bool kFour>
GPT_TARGET void rows_of_half(const std::uint8_t* group, std::int64_t half, const QuantizedInput& x, std::int64_t row,
                             std::int64_t columns, float* y, std::int64_t y_row) {
  constexpr std::int64_t kBytes = quant_block_bytes(kFour ? QuantBits::four : QuantBits::eight);
  __m256 sum[kRows];
  for (int r = 0; r < kRows; ++r) sum[r] = _mm256_setzero_ps();
  for (std::int64_t b = 0; b < x.blocks; ++b, group += kBytes) {
    if (row == 0 && half == 0) fetch_ahead(group, kBytes);
    const __m256 scale = load_half(group + (kFour ? 256 : 512) + 16 * half);
    const __m256 minimum = kFour ? load_half(group + 288 + 16 * half) : _mm256_setzero_ps();
    for (int r = 0; r < kRows; ++r) {
      const std::int64_t at = (row + r) * x.blocks + b;
      const __m256 product = _mm256_cvtepi32_ps(dot<kFour>(group + 32 * half, x.values + at * kQuantBlock));
      sum[r] = _mm256_fmadd_ps(product, _mm256_mul_ps(scale, _mm256_set1_ps(x.scales[at])), sum[r]);
      if (kFour) sum[r] = _mm256_fmadd_ps(minimum, _mm256_set1_ps(x.sums[at]), sum[r]);
    }
  }
  for (int r = 0; r < kRows; ++r) store(y + (row + r) * y_row, columns, sum[r]);
}

template <bool kFour>
GPT_TARGET void whole_group(const std::uint8_t* group, const QuantizedInput& x, std::int64_t columns, float* y,
                            std::int64_t y_row) {
  std::int64_t row = 0;
  for (const std::int64_t step = 4; row + step <= x.rows; row += step)
    for (std::int64_t half = 0; half < 2; ++half)
      rows_of_half<4, kFour>(group, half, x, row, columns - 8 * half, y + 8 * half, y_row);
  for (; row < x.rows; ++row)
    for (std::int64_t half = 0; half < 2; ++half)
      rows_of_half<1, kFour>(group, half, x, row, columns - 8 * half, y + 8 * half, y_row);
}

}  // namespace

void quant_groups_avx2(QuantBits bits, const std::uint8_t* groups, const QuantizedInput& x, std::int64_t columns,
                       float* y, std::int64_t y_row) {
  for (; columns > 0; columns -= kQuantRows, groups += x.blocks * quant_block_bytes(bits), y += kQuantRows) {
    const std::int64_t here = std::min(kQuantRows, columns);
    if (bits == QuantBits::four) {
      whole_group<true>(groups, x, here, y, y_row);
    } else {
      whole_group<false>(groups, x, here, y, y_row);
    }
  }
}

}  // namespace gpt::kernels
#endif
