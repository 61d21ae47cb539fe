// One function an operation: its lines, by formula and by libgpt.
#pragma once

#include "gpt/ops/batch.h"
#include "operations.h"

namespace plain {

Comparison compare_embedding(Numbers& n);
Comparison compare_linear(Numbers& n);
Comparison compare_lora(Numbers& n);
Comparison compare_norm(Numbers& n, bool rms);
Comparison compare_head_norm(Numbers& n);
Comparison compare_residual(Numbers& n);
Comparison compare_gelu(Numbers& n, bool exact);
Comparison compare_swiglu(Numbers& n);
Comparison compare_softmax(Numbers& n);
Comparison compare_rotary(Numbers& n);
Comparison compare_attention(Numbers& n, std::size_t window);
Comparison compare_pool(Numbers& n);
Comparison compare_cross_entropy(Numbers& n);
Comparison compare_dropout(Numbers& n);
Comparison compare_adamw(Numbers& n);
Comparison compare_smoothed(Numbers& n);
Comparison compare_binary(Numbers& n);
Comparison compare_squared(Numbers& n);
Comparison compare_span(Numbers& n);

/// A batch of one sequence of `count` tokens with the ids 0, 1, ...
gpt::Batch positions(std::size_t count);

}  // namespace plain
