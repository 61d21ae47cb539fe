// A matrix rounded to bfloat16 for one product.
#pragma once

#include "gpt/tensor/gemm.h"
#include "gpt/tensor/tensor.h"

namespace gpt {

class Half {
 public:
  Half() = default;
  /// Of `rows` rows with `stride` between them; zeros up to half_padded(rows).
  Half(Arena& arena, const float* data, std::int64_t rows, std::int64_t columns, std::int64_t stride);
  Half(Arena& arena, const Tensor& tensor)
      : Half(arena, tensor.data(), tensor.rows(), tensor.columns(), tensor.columns()) {}

  explicit operator bool() const noexcept { return static_cast<bool>(memory_); }
  /// From this row and column on; the transpose of all of it where `transposed`.
  HalfMatrix matrix(std::int64_t row = 0, std::int64_t column = 0, bool transposed = false) const noexcept {
    return {reinterpret_cast<const std::uint16_t*>(memory_.data()) + row * columns_ + column, columns_, transposed};
  }

 private:
  Tensor memory_;
  std::int64_t columns_ = 0;
};

}  // namespace gpt
