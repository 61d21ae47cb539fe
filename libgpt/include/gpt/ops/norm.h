// Normalization, fused with the residual sum before it.
#pragma once

#include "gpt/ops/variable.h"

namespace gpt {

/// Weights of a norm over n values: layer norm where `bias` may be set, root-mean-square norm where rms.
struct NormWeights {
  Parameter* weight = nullptr;  ///< [n]
  Parameter* bias = nullptr;    ///< [n] or null
  bool rms = false;
  float epsilon = 1e-5F;
};

/// norm(x), row by row.
Variable norm(const Variable& x, const NormWeights& weights);

struct Normed {
  Variable sum, normed;
};
/// sum = x + dropout(delta), normed = norm(sum); all [tokens, n].
Normed add_norm(const Variable& x, const Variable& delta, const NormWeights& weights, float dropout = 0);

}  // namespace gpt
