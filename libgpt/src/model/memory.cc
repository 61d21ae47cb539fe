#include "gpt/model/memory.h"

#include <algorithm>

#include "gpt/ops/loss.h"

namespace gpt {
namespace {

constexpr std::int64_t kFloat = sizeof(float);
constexpr std::int64_t kPackedByThread = std::int64_t{3} << 20;  // what a matrix product packs its operands into

/// Floats of a token.
class TokenFloats {
 public:
  TokenFloats(const ModelConfig& config, const PassMemory& pass)
      : c_(config),
        bf16_(pass.bf16),
        all_weights_(pass.all_weights),
        dropout_(pass.dropout),
        lora_dropout_(pass.lora_dropout),
        rank_(pass.lora_rank),
        inner_(config.intermediate),
        mixed_(config.heads * config.head_size),
        projected_(mixed_ + 2 * config.kv_heads * config.head_size),
        gated_(config.mlp == MlpKind::silu_gated) {}

  /// What the tape keeps of a block: sums, projections, the attention's output, what the activation saw.
  std::int64_t kept() const {
    const std::int64_t sums = c_.parallel_residual ? 0 : 1, moments = 2, adapters = 4;
    return attended() + sums * c_.hidden + moments + (gated_ ? 2 : 1) * inner_ + adapters * rank_;
  }

  /// Of a block that goes on with few rows after its attention: what it keeps of all.
  std::int64_t attended() const {
    const std::int64_t moments = 2, adapters = 3;
    const std::int64_t heads = c_.query_key_norm ? projected_ + 2 * (c_.heads + c_.kv_heads) : 0;
    return c_.hidden + moments + projected_ + heads + c_.heads + mixed_ + adapters * rank_;
  }

  /// The most that the way back through its attention holds beside.
  std::int64_t attention_back() const { return 2 * c_.hidden + mixed_ + projected_; }

  /// The most that the way back through a block holds beside, at its feed-forward part: at the activation, or at the
  /// product behind it.
  std::int64_t back() const {
    const std::int64_t h = c_.hidden, before = bf16_ ? (inner_ + (all_weights_ ? h : 0)) / 2 : 0,
                       behind = bf16_ ? (h + (all_weights_ ? inner_ : 0)) / 2 : 0;
    const std::int64_t activation = gated_ ? 3 * inner_ : 2 * inner_ + 2 * h + before;
    const std::int64_t product = (lora_dropout_ ? 3 : 2) * inner_ + behind;
    return h + std::max(activation, (dropout_ ? h : 0) + product);
  }

  /// The most that a forward pass holds at once where nothing is kept, with the gaps that blocks of other sizes leave.
  std::int64_t forward() const {
    const std::int64_t h = c_.hidden, half = bf16_ ? std::max(inner_, h) / 2 : 0;
    const std::int64_t mlp = (c_.parallel_residual ? 6 : 5) * h + (gated_ ? 3 : 1) * inner_ + half;
    const std::int64_t attention = 2 * h + projected_ * (c_.query_key_norm ? 2 : 1) + c_.heads + mixed_ + half;
    return std::max(mlp, attention);
  }

 private:
  const ModelConfig& c_;
  bool bf16_, all_weights_, dropout_, lora_dropout_;
  std::int64_t rank_, inner_, mixed_, projected_;
  bool gated_;
};

/// Of the products of a block.
std::int64_t block_weights(const ModelConfig& c) {
  const std::int64_t mixed = c.heads * c.head_size, projected = mixed + 2 * c.kv_heads * c.head_size;
  return c.hidden * (projected + mixed + (c.mlp == MlpKind::silu_gated ? 3 : 2) * c.intermediate);
}

/// The logits of a chunk of rows, and in bfloat16 their rounded gradients.
std::int64_t logits_bytes(const ModelConfig& config, const PassMemory& pass) {
  if (!pass.next_tokens) return 0;
  const std::int64_t rows = std::min(kLogitRows, pass.tokens);
  return rows * config.vocabulary * (pass.bf16 ? kFloat + 2 : kFloat);
}

/// What each thread works in: transposed keys and values and rows of attention weights; packed operands.
std::int64_t thread_bytes(const ModelConfig& config, const PassMemory& pass) {
  return pass.threads * ((2 * config.head_size + 3 * 64) * pass.longest * kFloat + kPackedByThread);
}

}  // namespace

std::int64_t training_pass_bytes(const ModelConfig& config, const PassMemory& pass) {
  const TokenFloats floats(config, pass);
  const std::int64_t h = config.hidden, layer = pass.checkpointing ? h : floats.kept();
  const auto kept = [&](std::int64_t layers, std::int64_t beside) {
    return (layers * layer + beside) * pass.tokens * kFloat;
  };
  // Blocks that go on with all rows to their end. What the last one has of fewer rows counts as nothing.
  const bool narrow = pass.rows == StateRows::last;
  const std::int64_t whole = config.layers - (narrow ? 1 : 0);
  // At the loss: all blocks, what goes in and comes out, and a gradient of that; in bfloat16 what comes out, rounded.
  const std::int64_t rounded = pass.next_tokens && pass.bf16 ? h / 2 : 0;
  const std::int64_t at_loss = narrow ? kept(whole, h + floats.attended() + floats.attention_back())
                                      : kept(whole, 3 * h + rounded) + logits_bytes(config, pass);
  // On the way back: the same, or what goes into each block, one block, and its norm again.
  const auto on_way = [&](std::int64_t layers) {
    return kept(layers, (pass.checkpointing ? floats.kept() + h : 3 * h) + floats.back());
  };
  const std::int64_t gradients = pass.gradients * kFloat, work = thread_bytes(config, pass);
  if (!pass.all_weights || pass.several) return gradients + std::max(at_loss, on_way(whole)) + work;
  // On the way back a block's gradients take the place of what it kept: the most is there at the last block, which is
  // the first on that way, at the first block, or at the token embedding after it.
  const std::int64_t block = block_weights(config) * kFloat, table = config.vocabulary * h * kFloat;
  const bool output = pass.next_tokens, shared = output && config.tied_embeddings;
  const std::int64_t trained = gradients - (output || config.tied_embeddings ? 0 : table);
  const std::int64_t at_last = (output ? table : 0) + std::max(at_loss, on_way(whole) + (narrow ? 2 : 1) * block);
  const std::int64_t at_first = trained - (shared ? 0 : table) - block + on_way(1);
  const std::int64_t at_embedding = trained + h * pass.tokens * kFloat;
  return std::max({at_last, at_first, at_embedding}) + work;
}

std::int64_t forward_pass_bytes(const ModelConfig& config, const PassMemory& pass) {
  const std::int64_t block = TokenFloats(config, pass).forward() * pass.tokens * kFloat;
  const std::int64_t loss = 2 * config.hidden * pass.tokens * kFloat + logits_bytes(config, pass);
  return std::max(block, pass.next_tokens ? loss : 0) + thread_bytes(config, pass);
}

}  // namespace gpt
