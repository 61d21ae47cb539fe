// Rotary positions and causal self-attention of one sequence, in plain loops.
#pragma once

#include "matrix.h"

namespace plain {

struct AttentionShape {
  std::size_t heads, kv_heads, head_size;
  double theta = 0;        ///< base of the rotary angles; 0: no rotary positions
  std::size_t window = 0;  ///< keys that a token sees, its own among them; 0: all before it
};

/// Turns the pairs (i, i + n/2) of x, n values, by position * theta^(-2 i / n); direction -1 turns back.
void rotate(double* x, std::size_t n, double position, double theta, double direction = 1);

/// qkv: [tokens, (heads + 2 kv_heads) head_size], queries, keys, values side by side. Softmax(q k' / sqrt(head_size)) v
/// over each token and those before it: [tokens, heads * head_size]. `weights`, where given, receives a [tokens,
/// tokens] matrix a head.
Matrix attention(const Matrix& qkv, const AttentionShape& shape, std::vector<Matrix>* weights = nullptr);
/// d qkv
Matrix attention_backward(const Matrix& qkv, const AttentionShape& shape, const Matrix& dy);

}  // namespace plain
