// x + dropout(delta) and its way back, shared by the plain sum and the one with a norm behind it.
#pragma once

#include "gpt/ops/variable.h"
#include "kernels/dropout.h"

namespace gpt {

struct ResidualSum {
  float dropout = 0;
  kernels::DropoutKey key = {};

  ResidualSum(Tape& tape, float probability);
  void forward(const Tensor& x, const Tensor& delta, const Tensor& sum, std::int64_t row, std::int64_t rows) const;
  /// Hands the sum's gradient on to both.
  void backward(const Gradient& x, const Gradient& delta, Tensor dsum) const;
};

/// Error mismatch unless both have one shape.
void check_residual(const Variable& x, const Variable& delta);

}  // namespace gpt
