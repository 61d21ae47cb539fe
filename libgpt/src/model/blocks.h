// The blocks of a decoder over one batch, plain or computed twice to save memory.
#pragma once

#include "gpt/model/config.h"
#include "gpt/model/hidden.h"
#include "gpt/ops/attention.h"
#include "model/weights.h"

namespace gpt {

LinearPart linear_part(const Projection& projection, bool transposed);

/// Refers to what it is made of; the batch must outlive the step.
class Blocks {
 public:
  Blocks(const ModelConfig& config, const Weights& weights, const RopeTable& rope, const Batch& batch, StateRows rows);

  /// x: the residual stream, and it normed for block `index`; returned: the same for the block after it.
  Normed forward(Normed x, std::size_t index, const CacheView* cache) const;
  /// The same on a tape that records, of which it keeps the residual stream alone.
  Normed forward_checkpointed(Normed x, std::size_t index) const;

 private:
  friend class CheckpointNode;
  Variable attend(const Variable& x, const Block& block, const CacheView* cache) const;
  bool narrows(std::size_t index) const;
  Variable mlp(const Variable& x, const Block& block) const;

  const ModelConfig& config_;
  const Weights& weights_;
  const Batch& batch_;
  AttentionShape shape_;
  bool transposed_, last_rows_;
};

}  // namespace gpt
