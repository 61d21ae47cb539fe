#include <cmath>

#include "gpt/tensor/parallel.h"
#include "kernels/softmax.h"
#include "ops/attention_parts.h"

namespace gpt {

Tensor attention_weights(const Variable& qkv, const Batch& batch, const AttentionShape& shape) {
  const std::int64_t tokens = batch.token_count(), size = shape.head_size, group = shape.heads / shape.kv_heads;
  const float scale = 1.0F / std::sqrt(static_cast<float>(size));
  Tensor weights = Tensor::zeros(Shape::matrix(shape.heads * tokens, tokens));
  parallel_for(weights.rows(), [&](std::int64_t i) {
    const std::int64_t head = i / tokens, token = i % tokens, first = first_seen(shape, token);
    const QkvColumns at = columns_of(shape, head / group);
    const float* const query = qkv.value().row(token) + at.query + head % group * size;
    float* const row = weights.row(i);
    for (std::int64_t seen = first; seen <= token; ++seen)
      row[seen] = scale * kernels::dot(size, query, qkv.value().row(seen) + at.key);
    kernels::softmax(token + 1 - first, row + first);
  });
  return weights;
}

}  // namespace gpt
