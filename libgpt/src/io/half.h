// float16 and bfloat16, without branches, so that loops over them vectorize.
#pragma once

#include <bit>
#include <cstdint>

namespace gpt {

/// IEEE 754 binary16 (bits) to float: the exponent is moved by a multiplication, subnormals by a subtraction
/// (Fabian Giesen, "Half to float done quick").
inline float f16_to_f32(std::uint16_t half) noexcept {
  const std::uint32_t bits = std::uint32_t{half} << 16;
  const std::uint32_t sign = bits & 0x8000'0000U;
  const std::uint32_t twice = bits + bits;
  const float normal = std::bit_cast<float>((twice >> 4) + (0xE0U << 23)) * 0x1.0p-112F;
  const float subnormal = std::bit_cast<float>((twice >> 17) | (126U << 23)) - 0.5F;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(twice < (1U << 27) ? subnormal : normal));
}

inline float bf16_to_f32(std::uint16_t bits) noexcept { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

/// Rounded to nearest, ties to even; what is too large becomes infinite, NaN stays NaN.
inline std::uint16_t f32_to_bf16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = bits + 0x7FFFU + ((bits >> 16) & 1U);
  const bool nan = (bits & 0x7FFF'FFFFU) > 0x7F80'0000U;
  return static_cast<std::uint16_t>((nan ? bits | 0x0040'0000U : rounded) >> 16);
}

/// The same rounding: adding a power of two that suits the exponent leaves the bits that float16 keeps.
inline std::uint16_t f32_to_f16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFF'FFFFU;
  if (magnitude > 0x7F80'0000U) return static_cast<std::uint16_t>(sign | 0x7E00U);
  if (magnitude >= 0x477F'F000U) return static_cast<std::uint16_t>(sign | 0x7C00U);  // 65520 and up
  if (magnitude < 0x3880'0000U) {                                                    // subnormal: below 2^-14
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign |
                                      (std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(0.5F)));
  }
  const std::uint32_t rounded = magnitude - (112U << 23) + 0xFFFU + ((magnitude >> 13) & 1U);
  return static_cast<std::uint16_t>(sign | (rounded >> 13));
}

}  // namespace gpt
