#include "tensor/quantized.h"

#include <algorithm>
#include <array>

#include "gpt/tensor/parallel.h"

namespace gpt {
namespace {

std::int64_t blocks_of(std::int64_t inputs) { return (inputs + kernels::kQuantBlock - 1) / kernels::kQuantBlock; }

}  // namespace

QuantizedMatrix::QuantizedMatrix(Arena& arena, kernels::QuantBits bits, std::int64_t outputs, std::int64_t inputs,
                                 const float* values, std::int64_t row_stride, std::int64_t input_stride)
    : bits_(bits),
      outputs_(outputs),
      inputs_(inputs),
      group_bytes_(blocks_of(inputs) * kernels::quant_block_bytes(bits)),
      memory_(arena, Shape::vector(static_cast<std::int64_t>(bytes() / sizeof(float)))),
      data_(reinterpret_cast<std::uint8_t*>(memory_.data())) {
  parallel_for(groups(), [&](std::int64_t group) {
    const std::int64_t row = group * kernels::kQuantRows, rows = std::min(kernels::kQuantRows, outputs_ - row);
    for (std::int64_t b = 0; b < blocks_of(inputs_); ++b) {
      const std::int64_t input = b * kernels::kQuantBlock;
      kernels::pack_quant_block(bits_, values + row * row_stride + input * input_stride, row_stride, input_stride, rows,
                                std::min(kernels::kQuantBlock, inputs_ - input),
                                data_ + group * group_bytes_ + b * kernels::quant_block_bytes(bits_));
    }
  });
}

void QuantizedMatrix::multiply(std::int64_t first, std::int64_t count, const kernels::QuantizedInput& x, float* y,
                               std::int64_t y_row) const {
  const std::int64_t row = first * kernels::kQuantRows;
  kernels::quant_groups(kernels::quant_target(), bits_, data_ + first * group_bytes_, x,
                        std::min(count * kernels::kQuantRows, outputs_ - row), y + row, y_row);
}

QuantizedRows::QuantizedRows(Arena& arena, const Tensor& x) {
  const std::int64_t rows = x.rows(), blocks = blocks_of(x.columns()), count = rows * blocks;
  // Four bytes a float: 8 of values, then scale, sum and offset of each block.
  memory_ = Tensor(arena, Shape::vector(count * (8 + 3)));
  float* const scales = memory_.data() + count * 8;
  auto* const values = reinterpret_cast<std::int8_t*>(memory_.data());
  auto* const offset = reinterpret_cast<std::int32_t*>(scales + 2 * count);
  input_ = {rows, blocks, values, scales, scales + count, offset};
  const std::int64_t whole = x.columns() / kernels::kQuantBlock, rest = x.columns() % kernels::kQuantBlock;
  const std::int64_t step = rows > 64 ? 16 : rows;
  parallel_for((rows + step - 1) / step, [&](std::int64_t part) {
    for (std::int64_t row = part * step; row < std::min(rows, (part + 1) * step); ++row) {
      const std::int64_t at = row * blocks;
      kernels::quantize_input(whole, x.row(row), values + at * 32, scales + at, scales + count + at, offset + at);
      if (rest == 0) continue;
      std::array<float, kernels::kQuantBlock> last{};
      std::copy_n(x.row(row) + whole * kernels::kQuantBlock, rest, last.begin());
      kernels::quantize_input(1, last.data(), values + (at + whole) * 32, scales + at + whole,
                              scales + count + at + whole, offset + at + whole);
    }
  });
}

}  // namespace gpt
