// AVX-512 with VNNI: dpbusd multiplies unsigned weights by signed activations, four products a lane. (The maskz forms
// where every lane counts: g++ 12 warns of the plain ones.)
#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels/quantized_targets.h"

#define GPT_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

namespace gpt::kernels {
namespace {

/// The eight vectors of a block, unsigned: eight-bit weights have 128 added, which QuantizedInput::offset takes away.
template <bool kFour>
GPT_TARGET inline __attribute__((always_inline)) void load_weights(const std::uint8_t* block, __m512i* w) {
  if (kFour) {
    const __m512i low = _mm512_set1_epi8(15);
    for (int h = 0; h < 4; ++h) {
      const __m512i both = _mm512_loadu_si512(block + 64 * h);
      w[2 * h] = _mm512_and_si512(both, low);
      w[2 * h + 1] = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
    }
  } else {
    const __m512i flip = _mm512_set1_epi8(-128);
    for (int g = 0; g < 8; ++g) w[g] = _mm512_xor_si512(_mm512_loadu_si512(block + 64 * g), flip);
  }
}

GPT_TARGET inline __attribute__((always_inline)) __m512 load_half(const std::uint8_t* at) {
  return _mm512_maskz_cvtph_ps(0xFFFF, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
}

/// kRows rows of activations from `row` on.
template <int kRows, bool kFour>
GPT_TARGET void rows_of_group(const std::uint8_t* group, const QuantizedInput& x, std::int64_t row,
                              std::int64_t columns, float* y, std::int64_t y_row) {
  constexpr std::int64_t kBytes = quant_block_bytes(kFour ? QuantBits::four : QuantBits::eight);
  __m512 sum[kRows];
  for (int r = 0; r < kRows; ++r) sum[r] = _mm512_setzero_ps();
  for (std::int64_t b = 0; b < x.blocks; ++b, group += kBytes) {
    __m512i w[8];
    load_weights<kFour>(group, w);
    _mm_prefetch(reinterpret_cast<const char*>(group + 8 * kBytes), _MM_HINT_T0);
    const __m512 scale = load_half(group + (kFour ? 256 : 512));
    const __m512 minimum = kFour ? load_half(group + 288) : _mm512_setzero_ps();
    for (int r = 0; r < kRows; ++r) {
      const std::int64_t at = (row + r) * x.blocks + b;
      const auto* const q = reinterpret_cast<const int*>(x.values + at * kQuantBlock);
      __m512i even = kFour ? _mm512_setzero_si512() : _mm512_set1_epi32(-x.offset[at]);
      __m512i odd = _mm512_setzero_si512();
      for (int g = 0; g < 8; g += 2) {
        even = _mm512_dpbusd_epi32(even, w[g], _mm512_set1_epi32(q[g]));
        odd = _mm512_dpbusd_epi32(odd, w[g + 1], _mm512_set1_epi32(q[g + 1]));
      }
      const __m512 dot = _mm512_maskz_cvtepi32_ps(0xFFFF, _mm512_add_epi32(even, odd));
      sum[r] = _mm512_fmadd_ps(dot, _mm512_mul_ps(scale, _mm512_set1_ps(x.scales[at])), sum[r]);
      if (kFour) sum[r] = _mm512_fmadd_ps(minimum, _mm512_set1_ps(x.sums[at]), sum[r]);
    }
  }
  const auto mask = static_cast<__mmask16>((1U << columns) - 1U);
  for (int r = 0; r < kRows; ++r) _mm512_mask_storeu_ps(y + (row + r) * y_row, mask, sum[r]);
}

template <bool kFour>
GPT_TARGET void whole_group(const std::uint8_t* group, const QuantizedInput& x, std::int64_t columns, float* y,
                            std::int64_t y_row) {
  std::int64_t row = 0;
  for (; row + 12 <= x.rows; row += 12) rows_of_group<12, kFour>(group, x, row, columns, y, y_row);
  for (; row + 4 <= x.rows; row += 4) rows_of_group<4, kFour>(group, x, row, columns, y, y_row);
  for (; row < x.rows; ++row) rows_of_group<1, kFour>(group, x, row, columns, y, y_row);
}

}  // namespace

void quant_group_avx512_vnni(QuantBits bits, const std::uint8_t* group, const QuantizedInput& x, std::int64_t columns,
                             float* y, std::int64_t y_row) {
  if (bits == QuantBits::four) {
    whole_group<true>(group, x, columns, y, y_row);
  } else {
    whole_group<false>(group, x, columns, y, y_row);
  }
}

}  // namespace gpt::kernels
#endif
