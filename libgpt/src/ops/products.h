// The products of a linear map, in the precision its weights are held in: float32, bfloat16, 8 or 4 bits.
#pragma once

#include <functional>

#include "gpt/ops/linear.h"
#include "gpt/tensor/gemm.h"
#include "ops/half.h"

namespace gpt {

/// Error mismatch unless all parts are held alike.
void check_precision(std::span<const LinearPart> maps);

/// y = x w' of all parts side by side, y with `width` between rows; finish(part, tile) follows each tile of a part,
/// columns counted from the part's first.
void multiply(Arena& arena, const Tensor& x, std::span<const LinearPart> maps, float* y, std::int64_t width,
              const std::function<void(std::size_t, const Tile&)>& finish);

/// The way back of one part: dy's columns from `column` on belong to it, `half` is dy in bfloat16 where the weight is.
struct OutputGradient {
  const Tensor& dy;
  const Half& half;
  std::int64_t column;
};
/// dx = dy w + beta * dx
void multiply_back(const OutputGradient& gradient, const LinearPart& map, float beta, float* dx,
                   const std::function<void(const Tile&)>& finish);
/// Adds dy' x to the weight's gradient; half_x is x in bfloat16 where the weight is.
void add_weight_gradient(Arena& arena, const OutputGradient& gradient, const LinearPart& map, const Tensor& x,
                         const Half& half_x);

}  // namespace gpt
