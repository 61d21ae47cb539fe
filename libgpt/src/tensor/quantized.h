// Weights held in 4 or 8 bits, and activations rounded to 8 bits for a product with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "gpt/tensor/tensor.h"
#include "kernels/quantized.h"

namespace gpt {

/// A weight [outputs, inputs], rounded in blocks of 32 inputs; see kernels/quantized.h for how it lies in memory.
class QuantizedMatrix {
 public:
  /// From float32 at row_stride and input_stride, on the threads of the surrounding Threads::run. All of a model's lie
  /// in one arena, in huge pages: writing reads them from memory for each token.
  QuantizedMatrix(Arena& arena, kernels::QuantBits bits, std::int64_t outputs, std::int64_t inputs, const float* values,
                  std::int64_t row_stride, std::int64_t input_stride);

  std::int64_t outputs() const noexcept { return outputs_; }
  std::int64_t inputs() const noexcept { return inputs_; }
  std::int64_t groups() const noexcept { return (outputs_ + kernels::kQuantRows - 1) / kernels::kQuantRows; }
  std::size_t bytes() const noexcept { return static_cast<std::size_t>(groups() * group_bytes_); }

  /// The outputs of `count` groups from the first on: y[row, 16 first ...) for all rows of x.
  void multiply(std::int64_t first, std::int64_t count, const kernels::QuantizedInput& x, float* y,
                std::int64_t y_row) const;

 private:
  kernels::QuantBits bits_;
  std::int64_t outputs_, inputs_, group_bytes_;
  Tensor memory_;
  std::uint8_t* data_;
};

/// The rows of a matrix in 8 bits.
class QuantizedRows {
 public:
  QuantizedRows(Arena& arena, const Tensor& x);
  kernels::QuantizedInput input() const noexcept { return input_; }

 private:
  Tensor memory_;
  kernels::QuantizedInput input_;
};

}  // namespace gpt
