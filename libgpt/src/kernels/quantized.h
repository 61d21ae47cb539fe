// Products of weights in 4 or 8 bits with activations in 8 bits: what decoding spends its time on.
//
// Weights lie in groups of 16 rows (outputs), a group in blocks of 32 inputs, so that a vector holds four inputs of
// each of the 16 rows and no sum ever crosses lanes:
//   eight bits   8 x 64 bytes: vector g, byte 4 r + i is input 4 g + i of row r, signed; then 16 scales (float16).
//                weight = scale * q, the values of llama.cpp's Q8_0
//   four bits    4 x 64 bytes: the low halves are vector 2 h of the above, the high ones 2 h + 1, unsigned; then 16
//                scales and 16 minima (float16). weight = scale * q + minimum, the values of llama.cpp's Q4_1
#pragma once

#include <cstdint>

namespace gpt::kernels {

inline constexpr std::int64_t kQuantRows = 16, kQuantBlock = 32;

enum class QuantBits { four, eight };

/// Bytes of one block of a group.
constexpr std::int64_t quant_block_bytes(QuantBits bits) noexcept { return bits == QuantBits::four ? 320 : 544; }

/// Rows of activations, each block of 32 with a scale of its own: x = scale * q.
struct QuantizedInput {
  std::int64_t rows, blocks;
  const std::int8_t* values;   ///< [rows, blocks, 32]
  const float* scales;         ///< [rows, blocks]
  const float* sums;           ///< [rows, blocks]: scale * sum of q
  const std::int32_t* offset;  ///< [rows, blocks]: 128 * sum of q
};

/// Rounds n = blocks * 32 floats to 8 bits.
void quantize_input(std::int64_t blocks, const float* x, std::int8_t* values, float* scales, float* sums,
                    std::int32_t* offset);

/// Rounds up to 16 rows of weights to one block of a group. w(row, input) = w[row * row_stride + input *
/// input_stride]; rows and inputs that are not there count as zero.
void pack_quant_block(QuantBits bits, const float* w, std::int64_t row_stride, std::int64_t input_stride,
                      std::int64_t rows, std::int64_t inputs, std::uint8_t* block);

/// The instruction sets there is code for, best last.
enum class QuantTarget { plain, avx2, avx512_vnni };
QuantTarget quant_target() noexcept;

/// y[row, 0 .. columns) of groups of weights, one behind the other, for all rows of x; y_row floats between rows. All
/// targets give the same up to the order of a few float additions; how many groups a call takes changes nothing.
void quant_groups(QuantTarget target, QuantBits bits, const std::uint8_t* groups, const QuantizedInput& x,
                  std::int64_t columns, float* y, std::int64_t y_row);

}  // namespace gpt::kernels
