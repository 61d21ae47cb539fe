// Normalization, fused with the residual sum before it or over the heads of a projection; and the residual sum alone.
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

/// x + dropout(delta).
Variable add(const Variable& x, const Variable& delta, float dropout = 0);

/// Normalizes each head of the queries and the keys by itself, over head_size values, and passes the values on (Qwen3).
/// qkv: [tokens, (heads + 2 kv_heads) * head_size], queries, keys, values side by side; both norms root-mean-square.
Variable norm_heads(const Variable& qkv, std::int64_t heads, std::int64_t kv_heads, const NormWeights& query,
                    const NormWeights& key);

}  // namespace gpt
