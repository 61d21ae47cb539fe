#include "kernels/quantized.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantized.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void QuantizeInput(std::int64_t blocks, const float* x, std::int8_t* values, float* scales, float* sums,
                   std::int32_t* offset) {
  const hn::CappedTag<float, 16> d;
  const hn::Rebind<std::int32_t, decltype(d)> di;
  const hn::Rebind<std::int8_t, decltype(d)> d8;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t b = 0; b < blocks; ++b, x += 32, values += 32) {
    auto largest = hn::Zero(d);
    for (std::int64_t i = 0; i < 32; i += lanes) largest = hn::Max(largest, hn::Abs(hn::LoadU(d, x + i)));
    const float most = hn::GetLane(hn::MaxOfLanes(d, largest));
    const float scale = most / 127.0F, inverse = most > 0.0F ? 127.0F / most : 0.0F;
    auto sum = hn::Zero(di);
    for (std::int64_t i = 0; i < 32; i += lanes) {
      const auto q = hn::NearestInt(hn::Mul(hn::LoadU(d, x + i), hn::Set(d, inverse)));
      sum = hn::Add(sum, q);
      hn::StoreU(hn::DemoteTo(d8, q), d8, values + i);
    }
    const std::int32_t total = hn::GetLane(hn::SumOfLanes(di, sum));
    scales[b] = scale;
    sums[b] = scale * static_cast<float>(total);
    offset[b] = 128 * total;
  }
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "io/half.h"
#include "kernels/quantized_targets.h"

namespace gpt::kernels {
namespace {

using Row = std::array<float, kQuantBlock>;

struct Rounded {
  std::uint16_t scale, minimum;
  std::array<std::int32_t, kQuantBlock> q;
};

std::int32_t nearest(float value, std::int32_t low, std::int32_t high) {
  return std::clamp(static_cast<std::int32_t>(std::lround(value)), low, high);
}

/// As llama.cpp rounds Q8_0 and Q4_1.
Rounded round_row(QuantBits bits, const Row& row) {
  Rounded out{0, 0, {}};
  const auto [low, high] = std::minmax_element(row.begin(), row.end());
  const bool four = bits == QuantBits::four;
  const float scale = four ? (*high - *low) / 15.0F : std::max(std::abs(*low), std::abs(*high)) / 127.0F;
  out.scale = f32_to_f16(scale);
  out.minimum = four ? f32_to_f16(*low) : std::uint16_t{0};
  const float inverse = scale > 0.0F ? 1.0F / scale : 0.0F, from = four ? *low : 0.0F;
  for (std::size_t i = 0; i < row.size(); ++i)
    out.q[i] = nearest((row[i] - from) * inverse, four ? 0 : -127, four ? 15 : 127);
  return out;
}

}  // namespace

HWY_EXPORT(QuantizeInput);

void quantize_input(std::int64_t blocks, const float* x, std::int8_t* values, float* scales, float* sums,
                    std::int32_t* offset) {
  HWY_DYNAMIC_DISPATCH(QuantizeInput)(blocks, x, values, scales, sums, offset);
}

void pack_quant_block(QuantBits bits, const float* w, std::int64_t row_stride, std::int64_t input_stride,
                      std::int64_t rows, std::int64_t inputs, std::uint8_t* block) {
  std::memset(block, 0, static_cast<std::size_t>(quant_block_bytes(bits)));
  std::uint8_t* const scales = block + (bits == QuantBits::four ? 256 : 512);
  for (std::int64_t r = 0; r < rows; ++r) {
    Row row{};
    for (std::int64_t i = 0; i < inputs; ++i) row[static_cast<std::size_t>(i)] = w[r * row_stride + i * input_stride];
    const Rounded rounded = round_row(bits, row);
    for (std::int64_t i = 0; i < kQuantBlock; ++i) {
      const std::int64_t vector = i / 4, byte = 4 * r + i % 4;
      const auto q = static_cast<std::uint8_t>(rounded.q[static_cast<std::size_t>(i)]);
      if (bits == QuantBits::eight) {
        block[vector * 64 + byte] = q;
      } else {
        block[vector / 2 * 64 + byte] |= static_cast<std::uint8_t>(vector % 2 == 0 ? q : q << 4);
      }
    }
    std::memcpy(scales + 2 * r, &rounded.scale, 2);
    if (bits == QuantBits::four) std::memcpy(scales + 32 + 2 * r, &rounded.minimum, 2);
  }
}

void quant_groups_plain(QuantBits bits, const std::uint8_t* groups, const QuantizedInput& x, std::int64_t columns,
                        float* y, std::int64_t y_row) {
  const bool four = bits == QuantBits::four;
  const std::int64_t bytes = quant_block_bytes(bits);
  const auto of_block = [&](const std::uint8_t* block, std::int64_t c, std::int64_t at) {
    const std::int8_t* const q = x.values + at * kQuantBlock;
    std::int32_t dot = 0;
    for (std::int64_t i = 0; i < kQuantBlock; ++i) {
      const std::uint8_t byte = block[(four ? i / 8 : i / 4) * 64 + 4 * c + i % 4];
      const std::int32_t weight = four ? (i / 4 % 2 == 0 ? byte & 15 : byte >> 4) : static_cast<std::int8_t>(byte);
      dot += weight * q[i];
    }
    std::uint16_t scale = 0, minimum = 0;
    std::memcpy(&scale, block + (four ? 256 : 512) + 2 * c, 2);
    if (four) std::memcpy(&minimum, block + 288 + 2 * c, 2);
    return static_cast<float>(dot) * (f16_to_f32(scale) * x.scales[at]) + f16_to_f32(minimum) * x.sums[at];
  };
  for (std::int64_t row = 0; row < x.rows; ++row)
    for (std::int64_t column = 0; column < columns; ++column) {
      float sum = 0.0F;
      for (std::int64_t b = 0; b < x.blocks; ++b)
        sum += of_block(groups + (column / kQuantRows * x.blocks + b) * bytes, column % kQuantRows, row * x.blocks + b);
      y[row * y_row + column] = sum;
    }
}

#if defined(__x86_64__)
/// clang 14's __builtin_cpu_supports does not know this name.
static bool has_f16c() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & static_cast<unsigned>(bit_F16C)) != 0;
}
#endif

QuantTarget quant_target() noexcept {
#if defined(__x86_64__)
  static const QuantTarget best = [] {
    const Isa most = allowed_isa();
    if (most == Isa::avx512 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw"))
      return QuantTarget::avx512_vnni;
    if (most != Isa::sse4 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c())
      return QuantTarget::avx2;
    return QuantTarget::plain;
  }();
  return best;
#else
  return QuantTarget::plain;
#endif
}

void quant_groups(QuantTarget target, QuantBits bits, const std::uint8_t* groups, const QuantizedInput& x,
                  std::int64_t columns, float* y, std::int64_t y_row) {
#if defined(__x86_64__)
  if (target == QuantTarget::avx512_vnni) return quant_groups_avx512_vnni(bits, groups, x, columns, y, y_row);
  if (target == QuantTarget::avx2) return quant_groups_avx2(bits, groups, x, columns, y, y_row);
#endif
  (void)target;
  quant_groups_plain(bits, groups, x, columns, y, y_row);
}

}  // namespace gpt::kernels
#endif
