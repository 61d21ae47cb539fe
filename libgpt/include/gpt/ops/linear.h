// Linear maps, with bias, activation and low-rank adapters in one operation.
#pragma once

#include <cstdint>
#include <span>

#include "gpt/ops/variable.h"

namespace gpt {

/// A rank-r side path (LoRA: Hu et al., 2021): adds scale * dropout(x) a' b' to the output.
struct LowRank {
  Parameter* a = nullptr;  ///< [rank, inputs]
  Parameter* b = nullptr;  ///< [outputs, rank]
  float scale = 1, dropout = 0;
};

/// One weight of a linear map.
struct LinearPart {
  Parameter* weight = nullptr;  ///< [outputs, inputs], or [inputs, outputs] where `transposed`
  bool transposed = false;      ///< GPT-2's Conv1D layout
  Parameter* bias = nullptr;    ///< [outputs], or null
  const LowRank* adapter = nullptr;
  std::int64_t inputs() const noexcept { return transposed ? weight->value.rows() : weight->value.columns(); }
  std::int64_t outputs() const noexcept { return transposed ? weight->value.columns() : weight->value.rows(); }
};

enum class Activation { none, gelu_tanh, gelu_erf };

/// y = activation(x w' + bias), the parts' outputs side by side: [tokens, inputs] -> [tokens, sum of outputs].
/// Error mismatch where a part does not take x's columns, or a bias or adapter does not fit its weight.
Variable linear(const Variable& x, std::span<const LinearPart> parts, Activation activation = Activation::none);

/// The same for a single weight [outputs, inputs].
Variable linear(const Variable& x, Parameter& weight, Parameter* bias = nullptr);

}  // namespace gpt
