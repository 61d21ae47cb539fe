// The block layouts are those of ggml (github.com/ggml-org/ggml, src/ggml-common.h and the dequantize_row functions of
// src/ggml-quants.c). A block starts with its scales and holds its elements in a few bits each.
#include "io/blocks.h"

#include <cmath>
#include <cstring>

#include "io/half.h"

namespace gpt {
namespace {

template <typename T>
T load(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

float load_f16(const std::byte* at) noexcept { return f16_to_f32(load<std::uint16_t>(at)); }

/// A byte as a number from 0 to 255.
int u8(const std::byte* at) noexcept { return std::to_integer<int>(*at); }

template <typename T>
void widen_plain(const std::byte* values, std::int64_t count, float* out) noexcept {
  for (std::int64_t i = 0; i < count; ++i)
    out[i] = static_cast<float>(load<T>(values + i * static_cast<std::int64_t>(sizeof(T))));
}

/// Scale and minimum of group j (0 to 7) of q4_k and q5_k: 6 bits each, packed into 12 bytes.
struct ScaleMin {
  float scale;
  float minimum;
};
ScaleMin scale_min(const std::byte* packed, int j) noexcept {
  if (j < 4) return {static_cast<float>(u8(packed + j) & 63), static_cast<float>(u8(packed + j + 4) & 63)};
  const int low = u8(packed + j + 4);
  return {static_cast<float>((low & 15) | (u8(packed + j - 4) >> 6) << 4),
          static_cast<float>((low >> 4) | (u8(packed + j) >> 6) << 4)};
}

/// Scale of group j (0 to 15) of q3_k: 4 low bits, then 2 high bits, less 32.
int scale_q3_k(const std::byte* packed, int j) noexcept {
  const int low = j < 8 ? u8(packed + j) & 15 : u8(packed + j - 8) >> 4;
  const int high = (u8(packed + 8 + j % 4) >> (2 * (j / 4))) & 3;
  return (low | high << 4) - 32;
}

/// What the 16 indices of the iq4 types stand for: denser around zero, as weights are.
constexpr float kUneven[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
/// Twice the numbers of 4-bit floats.
constexpr float kFloat4[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

}  // namespace

void widen_f32(const std::byte* blocks, std::int64_t count, float* out) {
  if (count > 0) std::memcpy(out, blocks, static_cast<std::size_t>(count) * sizeof(float));
}

void widen_f16(const std::byte* blocks, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = load_f16(blocks + 2 * i);
}

void widen_bf16(const std::byte* blocks, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = bf16_to_f32(load<std::uint16_t>(blocks + 2 * i));
}

void widen_f64(const std::byte* blocks, std::int64_t count, float* out) { widen_plain<double>(blocks, count, out); }
void widen_i8(const std::byte* blocks, std::int64_t count, float* out) { widen_plain<std::int8_t>(blocks, count, out); }
void widen_i16(const std::byte* blocks, std::int64_t count, float* out) {
  widen_plain<std::int16_t>(blocks, count, out);
}
void widen_i32(const std::byte* blocks, std::int64_t count, float* out) {
  widen_plain<std::int32_t>(blocks, count, out);
}
void widen_i64(const std::byte* blocks, std::int64_t count, float* out) {
  widen_plain<std::int64_t>(blocks, count, out);
}
void widen_u8(const std::byte* blocks, std::int64_t count, float* out) {
  widen_plain<std::uint8_t>(blocks, count, out);
}

/// f16 scale; 32 signed bytes.
void widen_q8_0(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 34, out += 32) {
    const float scale = load_f16(blocks);
    for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(load<std::int8_t>(blocks + 2 + i));
  }
}

/// f16 scale; 16 bytes, each with elements i and i + 16, less 8.
void widen_q4_0(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 18, out += 32) {
    const float scale = load_f16(blocks);
    for (int i = 0; i < 16; ++i) {
      const int pair = u8(blocks + 2 + i);
      out[i] = scale * static_cast<float>((pair & 15) - 8);
      out[i + 16] = scale * static_cast<float>((pair >> 4) - 8);
    }
  }
}

/// f16 scale, f16 minimum; 16 bytes as in q4_0, added to the minimum.
void widen_q4_1(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 20, out += 32) {
    const float scale = load_f16(blocks);
    const float minimum = load_f16(blocks + 2);
    for (int i = 0; i < 16; ++i) {
      const int pair = u8(blocks + 4 + i);
      out[i] = scale * static_cast<float>(pair & 15) + minimum;
      out[i + 16] = scale * static_cast<float>(pair >> 4) + minimum;
    }
  }
}

/// f16 scale; 32 fifth bits; 16 bytes; less 16.
void widen_q5_0(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 22, out += 32) {
    const float scale = load_f16(blocks);
    const auto high = load<std::uint32_t>(blocks + 2);
    for (int i = 0; i < 16; ++i) {
      const int pair = u8(blocks + 6 + i);
      out[i] = scale * static_cast<float>(((pair & 15) | static_cast<int>((high >> i) & 1U) << 4) - 16);
      out[i + 16] = scale * static_cast<float>(((pair >> 4) | static_cast<int>((high >> (i + 16)) & 1U) << 4) - 16);
    }
  }
}

/// f16 scale, f16 minimum; 32 fifth bits; 16 bytes.
void widen_q5_1(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 24, out += 32) {
    const float scale = load_f16(blocks);
    const float minimum = load_f16(blocks + 2);
    const auto high = load<std::uint32_t>(blocks + 4);
    for (int i = 0; i < 16; ++i) {
      const int pair = u8(blocks + 8 + i);
      out[i] = scale * static_cast<float>((pair & 15) | static_cast<int>((high >> i) & 1U) << 4) + minimum;
      out[i + 16] = scale * static_cast<float>((pair >> 4) | static_cast<int>((high >> (i + 16)) & 1U) << 4) + minimum;
    }
  }
}

/// 16 bytes (scale and minimum of 4 bits for 16 groups of 16); 64 bytes of 2-bit elements; f16 scale of scales, of
/// minimums.
void widen_q2_k(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 84, out += 256) {
    const float scales = load_f16(blocks + 80);
    const float minimums = load_f16(blocks + 82);
    for (int group = 0; group < 16; ++group) {
      const std::byte* quads = blocks + 16 + 32 * (group / 8) + 16 * (group % 2);
      const int shift = 2 * ((group % 8) / 2);
      const float scale = scales * static_cast<float>(u8(blocks + group) & 15);
      const float minimum = minimums * static_cast<float>(u8(blocks + group) >> 4);
      for (int i = 0; i < 16; ++i)
        out[16 * group + i] = scale * static_cast<float>((u8(quads + i) >> shift) & 3) - minimum;
    }
  }
}

/// 32 bytes of third bits; 64 bytes of 2-bit elements; 12 bytes of scales for 16 groups of 16; f16 scale of scales. An
/// element is less 4 where its third bit is not set.
void widen_q3_k(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 110, out += 256) {
    const float scales = load_f16(blocks + 108);
    for (int group = 0; group < 16; ++group) {
      const std::byte* quads = blocks + 32 + 32 * (group / 8) + 16 * (group % 2);
      const std::byte* third = blocks + 16 * (group % 2);
      const int shift = 2 * ((group % 8) / 2);
      const float scale = scales * static_cast<float>(scale_q3_k(blocks + 96, group));
      for (int i = 0; i < 16; ++i)
        out[16 * group + i] =
            scale * static_cast<float>(((u8(quads + i) >> shift) & 3) - 4 + 4 * ((u8(third + i) >> (group / 2)) & 1));
    }
  }
}

/// f16 scale of scales, of minimums; 12 bytes for 8 groups of 32; 128 bytes, each with an element of two neighbouring
/// groups.
void widen_q4_k(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 144, out += 256) {
    const float scales = load_f16(blocks);
    const float minimums = load_f16(blocks + 2);
    for (int group = 0; group < 8; ++group) {
      const auto packed = scale_min(blocks + 4, group);
      const float scale = scales * packed.scale;
      const float minimum = minimums * packed.minimum;
      const std::byte* pairs = blocks + 16 + 32 * (group / 2);
      const int shift = 4 * (group % 2);
      for (int i = 0; i < 32; ++i)
        out[32 * group + i] = scale * static_cast<float>((u8(pairs + i) >> shift) & 15) - minimum;
    }
  }
}

/// As q4_k, with 32 bytes of fifth bits (bit `group` of byte i) before the pairs.
void widen_q5_k(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 176, out += 256) {
    const float scales = load_f16(blocks);
    const float minimums = load_f16(blocks + 2);
    for (int group = 0; group < 8; ++group) {
      const auto packed = scale_min(blocks + 4, group);
      const float scale = scales * packed.scale;
      const float minimum = minimums * packed.minimum;
      const std::byte* fifth = blocks + 16;
      const std::byte* pairs = blocks + 48 + 32 * (group / 2);
      const int shift = 4 * (group % 2);
      for (int i = 0; i < 32; ++i) {
        const int element = ((u8(pairs + i) >> shift) & 15) + 16 * ((u8(fifth + i) >> group) & 1);
        out[32 * group + i] = scale * static_cast<float>(element) - minimum;
      }
    }
  }
}

/// 128 bytes of 4 low bits; 64 bytes of 2 high bits; 16 signed scales for groups of 16; f16 scale of scales; less 32.
void widen_q6_k(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 210, out += 256) {
    const float scales = load_f16(blocks + 208);
    for (int group = 0; group < 16; ++group) {
      const int quarter = (group % 8) / 2;  // of a half of 128 elements
      const std::byte* low = blocks + 64 * (group / 8) + 32 * (quarter % 2) + 16 * (group % 2);
      const std::byte* high = blocks + 128 + 32 * (group / 8) + 16 * (group % 2);
      const float scale = scales * static_cast<float>(load<std::int8_t>(blocks + 192 + group));
      for (int i = 0; i < 16; ++i) {
        const int element = ((u8(low + i) >> (4 * (quarter / 2))) & 15) | ((u8(high + i) >> (2 * quarter)) & 3) << 4;
        out[16 * group + i] = scale * static_cast<float>(element - 32);
      }
    }
  }
}

/// f32 scale; 256 signed bytes; sums of groups, which widening does not need.
void widen_q8_k(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 292, out += 256) {
    const auto scale = load<float>(blocks);
    for (int i = 0; i < 256; ++i) out[i] = scale * static_cast<float>(load<std::int8_t>(blocks + 4 + i));
  }
}

/// As q4_0, each element an index into a table instead of a number less 8.
void widen_iq4_nl(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 18, out += 32) {
    const float scale = load_f16(blocks);
    for (int i = 0; i < 16; ++i) {
      const int pair = u8(blocks + 2 + i);
      out[i] = scale * kUneven[pair & 15];
      out[i + 16] = scale * kUneven[pair >> 4];
    }
  }
}

/// f16 scale of scales; 8 scales of 6 bits, less 32: 16 bits with the two high ones of each, 4 bytes with the low ones;
/// 8 groups of 16 bytes as in iq4_nl.
void widen_iq4_xs(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 136, out += 256) {
    const float scales = load_f16(blocks);
    const int high = load<std::uint16_t>(blocks + 2);
    for (int group = 0; group < 8; ++group) {
      const int low = (u8(blocks + 4 + group / 2) >> (4 * (group % 2))) & 15;
      const float scale = scales * static_cast<float>((low | ((high >> (2 * group)) & 3) << 4) - 32);
      for (int i = 0; i < 16; ++i) {
        const int pair = u8(blocks + 8 + 16 * group + i);
        out[32 * group + i] = scale * kUneven[pair & 15];
        out[32 * group + i + 16] = scale * kUneven[pair >> 4];
      }
    }
  }
}

/// A power of two, 2^(byte - 127); 16 bytes as in q4_0, each element a 4-bit float: sign, two bits of exponent, one of
/// fraction (OCP Microscaling Formats, 2023).
void widen_mxfp4(const std::byte* blocks, std::int64_t count, float* out) {
  for (; count > 0; --count, blocks += 17, out += 32) {
    const float half = std::ldexp(1.0F, u8(blocks) - 128);
    for (int i = 0; i < 16; ++i) {
      const int pair = u8(blocks + 1 + i);
      out[i] = half * kFloat4[pair & 15];
      out[i + 16] = half * kFloat4[pair >> 4];
    }
  }
}

}  // namespace gpt
