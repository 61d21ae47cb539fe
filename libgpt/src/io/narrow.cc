#include "io/narrow.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "io/half.h"

namespace gpt {
namespace {

constexpr int kBlock = 32;  // values in a block of each quantized type here

template <std::uint16_t (*round)(float)>
void narrow_half(const float* in, std::int64_t count, std::byte* blocks) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint16_t half = round(in[i]);
    std::memcpy(blocks + 2 * i, &half, sizeof(half));
  }
}

std::byte* put_f16(std::byte* at, float value) {
  const std::uint16_t half = f32_to_f16(value);
  std::memcpy(at, &half, sizeof(half));
  return at + sizeof(half);
}

/// Four bits a value: the first half of a block in the low ones, the second in the high ones.
std::byte* put_nibbles(std::byte* at, const float* in, float scale, float shift, float rounding) {
  const auto level = [&](float value) {
    return static_cast<std::uint8_t>(std::min(15, static_cast<int>((value - shift) * scale + rounding)));
  };
  for (int i = 0; i < kBlock / 2; ++i) at[i] = static_cast<std::byte>(level(in[i]) | level(in[i + kBlock / 2]) << 4);
  return at + kBlock / 2;
}

/// 0 where float16 would round the scale to 0 anyway and the division overflow.
float inverse(float scale) {
  const float by = 1.0F / scale;
  return std::isfinite(by) ? by : 0.0F;
}

}  // namespace

void narrow_f32(const float* in, std::int64_t count, std::byte* blocks) {
  std::memcpy(blocks, in, static_cast<std::size_t>(count) * sizeof(float));
}
void narrow_f16(const float* in, std::int64_t count, std::byte* blocks) { narrow_half<f32_to_f16>(in, count, blocks); }
void narrow_bf16(const float* in, std::int64_t count, std::byte* blocks) {
  narrow_half<f32_to_bf16>(in, count, blocks);
}

void narrow_q8_0(const float* in, std::int64_t count, std::byte* blocks) {
  for (std::int64_t b = 0; b < count; ++b, in += kBlock) {
    float largest = 0;
    for (int i = 0; i < kBlock; ++i) largest = std::max(largest, std::abs(in[i]));
    const float scale = largest / 127.0F, by = inverse(scale);
    blocks = put_f16(blocks, scale);
    for (int i = 0; i < kBlock; ++i) blocks[i] = static_cast<std::byte>(static_cast<int>(std::round(in[i] * by)));
    blocks += kBlock;
  }
}

void narrow_q4_0(const float* in, std::int64_t count, std::byte* blocks) {
  for (std::int64_t b = 0; b < count; ++b, in += kBlock) {
    float largest = 0;  // by magnitude, with its sign: it becomes -8
    for (int i = 0; i < kBlock; ++i)
      if (std::abs(in[i]) > std::abs(largest)) largest = in[i];
    const float scale = largest / -8.0F;
    blocks = put_f16(blocks, scale);
    blocks = put_nibbles(blocks, in, inverse(scale), 0.0F, 8.5F);
  }
}

void narrow_q4_1(const float* in, std::int64_t count, std::byte* blocks) {
  for (std::int64_t b = 0; b < count; ++b, in += kBlock) {
    const auto [low, high] = std::minmax_element(in, in + kBlock);
    const float scale = (*high - *low) / 15.0F;
    blocks = put_f16(blocks, scale);
    blocks = put_f16(blocks, *low);
    blocks = put_nibbles(blocks, in, inverse(scale), *low, 0.5F);
  }
}

}  // namespace gpt
