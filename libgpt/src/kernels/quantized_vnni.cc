// AVX-512 with VNNI: dpbusd multiplies unsigned weights by signed activations, four products a lane. (The maskz forms
// where every lane counts: g++ 12 warns of the plain ones.)
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>

#include "kernels/fetch.h"
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

/// The sums of kGroups groups for kRows rows of activations from `row` on: what is loaded of a row serves all groups.
template <int kGroups, int kRows, bool kFour>
GPT_TARGET void rows_of_groups(const std::uint8_t* groups, const QuantizedInput& x, std::int64_t row,
                               std::int64_t columns, float* y, std::int64_t y_row) {
  constexpr std::int64_t kBytes = quant_block_bytes(kFour ? QuantBits::four : QuantBits::eight);
  __m512 sum[kRows][kGroups];
  for (auto& of_row : sum)
    for (__m512& one : of_row) one = _mm512_setzero_ps();
  for (std::int64_t b = 0; b < x.blocks; ++b, groups += kBytes) {
    __m512i w[kGroups][8];
    __m512 scale[kGroups], minimum[kGroups];
    for (int g = 0; g < kGroups; ++g) {
      const std::uint8_t* const block = groups + g * x.blocks * kBytes;
      load_weights<kFour>(block, w[g]);
      if (row == 0) fetch_ahead(block, kBytes);
      scale[g] = load_half(block + (kFour ? 256 : 512));
      minimum[g] = kFour ? load_half(block + 288) : _mm512_setzero_ps();
    }
    for (int r = 0; r < kRows; ++r) {
      const std::int64_t at = (row + r) * x.blocks + b;
      const auto* const q = reinterpret_cast<const int*>(x.values + at * kQuantBlock);
      __m512i even[kGroups], odd[kGroups];
      for (int g = 0; g < kGroups; ++g) {
        even[g] = kFour ? _mm512_setzero_si512() : _mm512_set1_epi32(-x.offset[at]);
        odd[g] = _mm512_setzero_si512();
      }
      for (int i = 0; i < 8; i += 2) {
        const __m512i first = _mm512_set1_epi32(q[i]), second = _mm512_set1_epi32(q[i + 1]);
        for (int g = 0; g < kGroups; ++g) {
          even[g] = _mm512_dpbusd_epi32(even[g], w[g][i], first);
          odd[g] = _mm512_dpbusd_epi32(odd[g], w[g][i + 1], second);
        }
      }
      for (int g = 0; g < kGroups; ++g) {
        const __m512 dot = _mm512_maskz_cvtepi32_ps(0xFFFF, _mm512_add_epi32(even[g], odd[g]));
        sum[r][g] = _mm512_fmadd_ps(dot, _mm512_mul_ps(scale[g], _mm512_set1_ps(x.scales[at])), sum[r][g]);
        if (kFour) sum[r][g] = _mm512_fmadd_ps(minimum[g], _mm512_set1_ps(x.sums[at]), sum[r][g]);
      }
    }
  }
  for (int g = 0; g < kGroups; ++g) {
    const auto mask = static_cast<__mmask16>((1U << std::min<std::int64_t>(16, columns - 16 * g)) - 1U);
    for (int r = 0; r < kRows; ++r) _mm512_mask_storeu_ps(y + (row + r) * y_row + 16 * g, mask, sum[r][g]);
  }
}

/// All rows of one group or two.
template <int kGroups, bool kFour>
GPT_TARGET void all_rows(const std::uint8_t* groups, const QuantizedInput& x, std::int64_t columns, float* y,
                         std::int64_t y_row) {
  constexpr int kRows = 12 / kGroups;
  std::int64_t row = 0;
  for (; row + kRows <= x.rows; row += kRows) rows_of_groups<kGroups, kRows, kFour>(groups, x, row, columns, y, y_row);
  for (; row + 4 <= x.rows; row += 4) rows_of_groups<kGroups, 4, kFour>(groups, x, row, columns, y, y_row);
  for (; row < x.rows; ++row) rows_of_groups<kGroups, 1, kFour>(groups, x, row, columns, y, y_row);
}

template <bool kFour>
GPT_TARGET void all_groups(const std::uint8_t* groups, const QuantizedInput& x, std::int64_t columns, float* y,
                           std::int64_t y_row) {
  const std::int64_t bytes = x.blocks * quant_block_bytes(kFour ? QuantBits::four : QuantBits::eight);
  const std::int64_t count = (columns + kQuantRows - 1) / kQuantRows;
  std::int64_t g = 0;
  if (x.rows > 4)  // fewer rows wait for the weights from memory: one stream of them
    for (; g + 2 <= count; g += 2) all_rows<2, kFour>(groups + g * bytes, x, columns - 16 * g, y + 16 * g, y_row);
  for (; g < count; ++g) all_rows<1, kFour>(groups + g * bytes, x, columns - 16 * g, y + 16 * g, y_row);
}

}  // namespace

void quant_groups_avx512_vnni(QuantBits bits, const std::uint8_t* groups, const QuantizedInput& x, std::int64_t columns,
                              float* y, std::int64_t y_row) {
  if (bits == QuantBits::four) {
    all_groups<true>(groups, x, columns, y, y_row);
  } else {
    all_groups<false>(groups, x, columns, y, y_row);
  }
}

}  // namespace gpt::kernels
#endif
