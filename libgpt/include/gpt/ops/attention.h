// Causal self-attention of packed sequences, with rotary positions and grouped key-value heads, in one operation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gpt/ops/batch.h"
#include "gpt/ops/rope.h"
#include "gpt/ops/variable.h"

namespace gpt {

struct AttentionShape {
  std::int64_t heads = 0, kv_heads = 0, head_size = 0;
  const RopeTable* rope = nullptr;  ///< null: no rotary positions
  float dropout = 0;                ///< of the attention weights
  std::int64_t window = 0;          ///< keys that a token sees, its own among them (Mistral's); 0: all before it
  bool interleaved = false;         ///< each head's query, key and value side by side (GPT-NeoX), heads = kv_heads
};

/// qkv: [tokens, (heads + 2 kv_heads) * head_size], all queries, keys, values side by side unless `interleaved`;
/// rotated in place. Each token attends to itself and those before it in its sequence, as far as the window reaches:
/// softmax(q k' / sqrt(head_size)) v, [tokens, heads * head_size]. A row of at most 64 queries' weights is held at a
/// time, never a [length, length] matrix. The batch must outlive the step.
Variable attention(const Variable& qkv, const Batch& batch, const AttentionShape& shape);

/// How a cache holds keys and values. int8: whole numbers to 127, with a scale for each key and each value.
enum class CacheType { float32, bfloat16, int8 };

/// Where one layer's keys and values of cached sequences lie: in blocks of kTokens tokens, sequence s in
/// blocks[offsets[s], offsets[s + 1]). A block holds, from byte `first` on, for each key-value head keys [head_size,
/// kTokens] and then values [kTokens, head_size], and with int8 the scales of kTokens keys and of as many values.
struct CacheView {
  static constexpr std::int64_t kTokens = 32;
  /// Of one key-value head in a block.
  static std::int64_t head_bytes(CacheType type, std::int64_t head_size) noexcept;
  std::span<std::byte* const> blocks;
  std::span<const std::int32_t> offsets;
  std::int64_t first = 0;
  CacheType type = CacheType::float32;
  std::vector<Tensor>* maps = nullptr;  ///< gets the attention_weights, where somebody wants to look at them
};

/// The same for inference over sequences whose first batch.past tokens are in the cache: stores the batch's rotated
/// keys and values there, and attends over all. The cache has room for them. Error mismatch on a tape that records.
Variable attention_cached(const Variable& qkv, const Batch& batch, const AttentionShape& shape, const CacheView& cache);

/// The weights themselves of one sequence without a past, after attention_cached has rotated its queries and keys: row
/// head * tokens + i of [heads * tokens, tokens] is what token i takes from each token it sees. Memory grows with the
/// square of the tokens: for looking at, not for computing with.
Tensor attention_weights(const Variable& qkv, const Batch& batch, const AttentionShape& shape);

}  // namespace gpt
