// The decoder's weights: made at random, or read from files under the names its family gives them.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "gpt/ops/linear.h"
#include "gpt/ops/norm.h"
#include "model/family.h"
#include "model/source.h"

namespace gpt {

/// One linear map of a block and, where attached, its adapter.
struct Projection {
  Parameter* weight = nullptr;
  Parameter* bias = nullptr;
  std::string module;  ///< the name PEFT's targets give
  std::unique_ptr<LowRank> adapter;
};

struct Block {
  NormWeights attention_norm, mlp_norm;
  std::vector<Projection> attention_in, mlp_in;
  Projection attention_out, mlp_out;
};

/// Parameters live in a deque: pointers to them stay valid.
struct Weights {
  std::deque<Parameter> parameters;
  std::deque<Parameter> adapters;
  Parameter* token_embedding = nullptr;
  Parameter* position_embedding = nullptr;  ///< null for rotary positions
  std::vector<Block> blocks;
  NormWeights final_norm;
  Parameter* output_projection = nullptr;  ///< null where the files have none

  /// Every projection with the block it belongs to, in a fixed order.
  std::vector<Projection*> projections();
};

/// Gives a parameter its value; `shape` is the one the configuration asks for. An optional one may be left empty.
using Filler = std::function<Tensor(const TensorName& name, Shape shape, bool optional)>;

/// Builds the structure, asking `fill` for each weight in a fixed order.
std::unique_ptr<Weights> make_weights(const ModelConfig& config, const Filler& fill);

/// What make_weights asks for, in its order.
struct WeightName {
  TensorName name;
  Shape shape;  ///< as Transformers has it
  bool optional = false;
};
/// A configuration may claim any number of layers: the visitor throws where files do not have them.
void for_each_weight(const ModelConfig& config, const std::function<void(const WeightName&)>& visit);

/// A shape as files have it.
std::vector<std::int64_t> dimensions(const Shape& shape);

/// Normal with the configured deviation, norms 1, biases 0.
Filler random_filler(const ModelConfig& config, std::uint64_t seed);
/// From files; see Decoder::load. The source must outlive the filler.
Filler file_filler(const ModelSource& source);

/// The stored tensor of a weight. Null for an optional one that is not there, else error not_found.
const StoredTensor* find_weight(const ModelSource& source, const TensorName& name, bool optional);
/// A weight as Transformers has it. Error mismatch if its shape is another.
Tensor read_weight(const ModelSource& source, const StoredTensor& stored, const TensorName& name, Shape shape);

/// The tensor of that name, with or without the prefixes older files leave out or other classes have; null if there is
/// none.
const StoredTensor* find_tensor(const WeightSource& source, std::string_view name);
/// Float32 values of a stored tensor: where they lie, or widened in parallel. Error mismatch if the shape is another.
Tensor read_tensor(const WeightSource& source, const StoredTensor& stored, Shape shape);

}  // namespace gpt
