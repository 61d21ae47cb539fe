#include "model/blocks.h"

#include <array>
#include <utility>

#include "gpt/ops/gate.h"
#include "gpt/ops/pool.h"

namespace gpt {
namespace {

/// All projections of one place side by side.
Variable project(const Variable& x, const std::vector<Projection>& projections, bool transposed,
                 Activation activation = Activation::none) {
  std::array<LinearPart, 3> parts;
  for (std::size_t i = 0; i < projections.size(); ++i) parts.at(i) = linear_part(projections[i], transposed);
  return linear(x, std::span(parts.data(), projections.size()), activation);
}

Variable project(const Variable& x, const Projection& projection, bool transposed) {
  const LinearPart only = linear_part(projection, transposed);
  return linear(x, {&only, 1});
}

/// The values of `x` as inputs of another tape.
Normed detached(Tape& tape, const Tensor& sum, bool sum_needs_grad, const Tensor& normed, bool normed_needs_grad) {
  return {tape.variable(sum, sum_needs_grad), tape.variable(normed, normed_needs_grad)};
}

}  // namespace

LinearPart linear_part(const Projection& p, bool transposed) { return {p.weight, transposed, p.bias, p.adapter.get()}; }

Blocks::Blocks(const ModelConfig& config, const Weights& weights, const RopeTable& rope, const Batch& batch,
               StateRows rows)
    : config_(config),
      weights_(weights),
      batch_(batch),
      shape_{config.heads,
             config.kv_heads,
             config.head_size,
             config.rope_theta ? &rope : nullptr,
             static_cast<float>(config.attention_dropout),
             config.window,
             config.interleaved_heads},
      transposed_(family(config.family).transposed_weights()),
      last_rows_(rows == StateRows::last) {}

/// Whether a block goes on with the last rows alone once its tokens have looked at each other.
bool Blocks::narrows(std::size_t index) const { return last_rows_ && index + 1 == weights_.blocks.size(); }

Variable Blocks::attend(const Variable& x, const Block& block, const CacheView* cache) const {
  Variable qkv = project(x, block.attention_in, transposed_);
  if (config_.query_key_norm) qkv = norm_heads(qkv, config_.heads, config_.kv_heads, block.query_norm, block.key_norm);
  return cache != nullptr ? attention_cached(qkv, batch_, shape_, *cache) : attention(qkv, batch_, shape_);
}

Variable Blocks::mlp(const Variable& x, const Block& block) const {
  const bool gated = config_.mlp == MlpKind::silu_gated;
  const Activation activation = gated                              ? Activation::none
                                : config_.mlp == MlpKind::gelu_erf ? Activation::gelu_erf
                                                                   : Activation::gelu_tanh;
  const Variable inner = project(x, block.mlp_in, transposed_, activation);
  return project(gated ? silu_gate(inner) : inner, block.mlp_out, transposed_);
}

Normed Blocks::forward(Normed x, std::size_t index, const CacheView* cache) const {
  const Block& block = weights_.blocks[index];
  const NormWeights& next =
      index + 1 < weights_.blocks.size() ? weights_.blocks[index + 1].attention_norm : weights_.final_norm;
  const auto dropout = static_cast<float>(config_.residual_dropout);
  Variable mixed = attend(x.normed, block, cache);
  if (narrows(index)) {
    mixed = pool_last(mixed, batch_);
    x.sum = pool_last(x.sum, batch_);
  }
  const Variable attended = project(mixed, block.attention_out, transposed_);
  if (config_.parallel_residual) {
    const Variable inner = mlp(norm(x.sum, block.mlp_norm), block);
    return add_norm(add(x.sum, attended, dropout), inner, next, dropout);
  }
  x = add_norm(x.sum, attended, block.mlp_norm, dropout);
  return add_norm(x.sum, mlp(x.normed, block), next, dropout);
}

/// Runs a block again on a tape of its own, and goes back through that.
class CheckpointNode final : public Node {
 public:
  CheckpointNode(const Blocks& blocks, std::size_t index, const Normed& in, const Normed& out,
                 std::uint64_t first_stream)
      : blocks_(blocks),
        index_(index),
        sum_(in.sum),
        normed_(in.normed),
        out_sum_(out.sum),
        out_normed_(out.normed),
        first_stream_(first_stream) {}

  void backward() override {
    if (!out_sum_.grad() && !out_normed_.grad()) return;
    Tape tape(sum_.tape(), first_stream_);
    const Normed in = detached(tape, sum_.value(), sum_.needs_grad(), normed_again(), normed_.needs_grad());
    {
      const Normed out = blocks_.forward(in, index_, nullptr);
      out.sum.grad() = std::move(out_sum_.grad());
      out.normed.grad() = std::move(out_normed_.grad());
    }
    tape.backward();
    if (in.sum.grad()) add_grad(sum_, std::move(in.sum.grad()));
    if (in.normed.grad()) add_grad(normed_, std::move(in.normed.grad()));
  }

 private:
  Tensor normed_again() const {
    Tape still(sum_.tape().arena(), false);
    return norm(still.variable(sum_.value(), false), blocks_.weights_.blocks[index_].attention_norm).value();
  }

  Blocks blocks_;
  std::size_t index_;
  Variable sum_;
  Gradient normed_, out_sum_, out_normed_;
  std::uint64_t first_stream_;
};

Normed Blocks::forward_checkpointed(Normed x, std::size_t index) const {
  Tape& tape = x.sum.tape();
  const std::uint64_t first_stream = tape.random_streams();
  Tape inner(tape, first_stream);
  const Normed out = forward(
      detached(inner, x.sum.value(), x.sum.needs_grad(), x.normed.value(), x.normed.needs_grad()), index, nullptr);
  tape.skip_random_streams(inner.random_streams());
  const Normed result =
      detached(tape, out.sum.value(), out.sum.needs_grad(), out.normed.value(), out.normed.needs_grad());
  if (result.normed.needs_grad()) tape.record<CheckpointNode>(*this, index, x, result, first_stream);
  return result;
}

}  // namespace gpt
