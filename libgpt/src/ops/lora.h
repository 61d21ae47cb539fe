// The low-rank side path of a linear map: y += scale * (x a') b', and its way back.
#pragma once

#include "gpt/ops/linear.h"
#include "gpt/tensor/gemm.h"

namespace gpt {

/// x a': [tokens, rank].
Tensor lora_down(Arena& arena, const LowRank& adapter, const Tensor& x);
/// The transposed b, [rank, outputs], as lora_up wants it.
Tensor lora_transposed_b(Arena& arena, const LowRank& adapter);
/// Adds the side path to a tile of this part's output, y with y_row between rows.
void lora_up(const LowRank& adapter, const Tensor& down, const Tensor& transposed_b, const Tile& tile, float* y,
             std::int64_t y_row);

/// Adds to the gradients of a and b, and returns dh = scale * dy b: [tokens, rank]. dy: [tokens, outputs] with dy_row
/// between rows.
Tensor lora_backward(Arena& arena, const LowRank& adapter, const Tensor& x, const Tensor& down, const float* dy,
                     std::int64_t dy_row);
/// dx += dh a on a tile of dx.
void lora_input_gradient(const LowRank& adapter, const Tensor& dh, const Tile& tile, float* dx);

}  // namespace gpt
