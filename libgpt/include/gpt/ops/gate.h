// The gated activation of Llama's feed-forward layer.
#pragma once

#include "gpt/ops/variable.h"

namespace gpt {

/// silu(left half) * right half, row by row: [tokens, 2 n] -> [tokens, n] (SwiGLU: Shazeer, 2020).
Variable silu_gate(const Variable& gate_up);

}  // namespace gpt
