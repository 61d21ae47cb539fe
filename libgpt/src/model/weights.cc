#include "model/weights.h"

#include <algorithm>
#include <array>
#include <set>

#include "gpt/core/error.h"
#include "gpt/core/random.h"
#include "gpt/tensor/parallel.h"
#include "model/gguf_forms.h"

namespace gpt {
namespace {

constexpr std::int64_t kWiden = 1 << 18;  // values one task widens: a multiple of every block size

class Builder {
 public:
  Builder(const ModelConfig& config, const Filler& fill)
      : config_(config), family_(family(config.family)), fill_(fill) {}

  std::unique_ptr<Weights> build() {
    const ModelConfig& c = config_;
    out_->token_embedding = add(family_.token_embedding(), Shape::matrix(c.vocabulary, c.hidden));
    if (c.learned_positions)
      out_->position_embedding = add(family_.position_embedding(), Shape::matrix(c.context, c.hidden));
    for (std::int64_t i = 0; i < c.layers; ++i) add_block(family_.block(c, i));
    out_->final_norm = norm(family_.final_norm(), c.hidden);
    out_->output_projection = c.tied_embeddings
                                  ? out_->token_embedding
                                  : add_if_there(family_.output_projection(), Shape::matrix(c.vocabulary, c.hidden));
    return std::move(out_);
  }

 private:
  Parameter* add(const TensorName& name, Shape shape) {
    if (name.name.empty()) return nullptr;
    Parameter& parameter = out_->parameters.emplace_back();
    parameter.name = name.name;
    parameter.value = fill_(name, shape, false);
    return &parameter;
  }

  /// Null where the files leave it out: models with a head of their own have no output
  /// projection.
  Parameter* add_if_there(const TensorName& name, Shape shape) {
    Tensor value = fill_(name, shape, true);
    if (!value) return nullptr;
    Parameter& parameter = out_->parameters.emplace_back();
    parameter.name = name.name;
    parameter.value = std::move(value);
    return &out_->parameters.back();
  }

  NormWeights norm(const NormName& name, std::int64_t size) {
    return {add(name.weight, Shape::vector(size)), add(name.bias, Shape::vector(size)),
            config_.norm == NormKind::rms_norm, static_cast<float>(config_.norm_epsilon)};
  }

  Projection projection(const ProjectionName& name, std::int64_t inputs) {
    const Shape shape =
        family_.transposed_weights() ? Shape::matrix(inputs, name.outputs) : Shape::matrix(name.outputs, inputs);
    return {add(name.weight, shape), add(name.bias, Shape::vector(name.outputs)), name.module, nullptr};
  }

  void add_block(const BlockNames& names) {
    Block& block = out_->blocks.emplace_back();
    block.attention_norm = norm(names.attention_norm, config_.hidden);
    for (const ProjectionName& name : names.attention_in)
      block.attention_in.push_back(projection(name, config_.hidden));
    block.query_norm = norm(names.query_norm, config_.head_size);
    block.key_norm = norm(names.key_norm, config_.head_size);
    block.attention_out = projection(names.attention_out, config_.heads * config_.head_size);
    block.mlp_norm = norm(names.mlp_norm, config_.hidden);
    for (const ProjectionName& name : names.mlp_in) block.mlp_in.push_back(projection(name, config_.hidden));
    block.mlp_out = projection(names.mlp_out, config_.intermediate);
  }

  const ModelConfig& config_;
  const Family& family_;
  const Filler& fill_;
  std::unique_ptr<Weights> out_ = std::make_unique<Weights>();
};

}  // namespace

std::vector<Projection*> Weights::projections() {
  std::vector<Projection*> all;
  for (Block& block : blocks) {
    for (Projection& p : block.attention_in) all.push_back(&p);
    all.push_back(&block.attention_out);
    for (Projection& p : block.mlp_in) all.push_back(&p);
    all.push_back(&block.mlp_out);
  }
  return all;
}

std::unique_ptr<Weights> make_weights(const ModelConfig& config, const Filler& fill) {
  return Builder(config, fill).build();
}

void for_each_weight(const ModelConfig& config, const std::function<void(const WeightName&)>& visit) {
  make_weights(config, [&](const TensorName& name, Shape shape, bool optional) {
    visit({name, shape, optional});
    return Tensor();
  });
}

std::vector<std::int64_t> dimensions(const Shape& shape) {
  return shape.rank == 1 ? std::vector<std::int64_t>{shape.columns}
                         : std::vector<std::int64_t>{shape.rows, shape.columns};
}

Filler random_filler(const ModelConfig& config, std::uint64_t seed) {
  const auto deviation = static_cast<float>(config.initializer_range);
  return [deviation, seed, stream = std::uint64_t{0}](const TensorName& name, Shape shape, bool) mutable {
    Tensor tensor = Tensor::zeros(shape);
    Random random(seed, ++stream);
    if (shape.rank == 2) {
      for (float& value : tensor.values()) value = deviation * random.normal();
    } else if (name.name.size() >= 4 && name.name.compare(name.name.size() - 4, 4, "bias") != 0) {
      tensor.fill(1.0F);
    }
    return tensor;
  };
}

const StoredTensor* find_tensor(const WeightSource& source, std::string_view name) {
  if (const StoredTensor* tensor = source.find(name)) return tensor;
  if (name == "embed_out.weight") return source.find("lm_head.weight");  // GPT-NeoX since version 5
  static constexpr std::string_view adapter = "base_model.model.";
  static constexpr std::array<std::string_view, 3> prefixes{"transformer.", "model.", "gpt_neox."};
  const std::string_view lead = name.substr(0, adapter.size()) == adapter ? adapter : "";
  name.remove_prefix(lead.size());
  for (const std::string_view prefix : prefixes) {
    if (name.substr(0, prefix.size()) != prefix) continue;
    const std::string_view bare = name.substr(prefix.size());
    if (const StoredTensor* tensor = source.find(std::string(lead).append(bare))) return tensor;
    for (const std::string_view other : prefixes)
      if (const StoredTensor* tensor = source.find(std::string(lead).append(other).append(bare))) return tensor;
  }
  return nullptr;
}

Tensor read_tensor(const WeightSource& source, const StoredTensor& stored, Shape shape, bool in_place) {
  if (stored.shape != dimensions(shape))
    fail(ErrorCode::mismatch, "{}: {} is [{}], the configuration asks for [{}]", source.path().string(), stored.name,
         fmt::join(stored.shape, ", "), fmt::join(dimensions(shape), ", "));
  if (const std::span<const float> view = view_f32(stored); in_place && !view.empty())
    return Tensor::view(view.data(), shape, source.keep_alive());
  if (block_size(stored.type).elements == 0)
    fail(ErrorCode::unsupported,
         "{}: tensor '{}' is stored as {}, which cannot be read as numbers here; convert the file to f16 or Q8_0",
         source.path().string(), stored.name, stored.type_name);
  Tensor out = Tensor::uninitialized(shape);
  parallel_for((shape.size() + kWiden - 1) / kWiden, [&](std::int64_t i) {
    const std::int64_t first = i * kWiden, count = std::min(kWiden, shape.size() - first);
    read_f32(stored, first, {out.data() + first, static_cast<std::size_t>(count)});
  });
  return out;
}

const StoredTensor* find_weight(const ModelSource& source, const TensorName& name, bool optional) {
  const std::string& wanted = source.gguf ? name.gguf : name.name;
  const StoredTensor* stored = find_tensor(*source.weights, wanted);
  if (stored == nullptr && !optional)
    fail(ErrorCode::not_found, "{}: there is no tensor {}, which the configuration asks for",
         source.weights->path().string(), wanted);
  return stored;
}

Tensor read_weight(const ModelSource& source, const StoredTensor& stored, const TensorName& name, Shape shape) {
  const GgufForm form = source.gguf ? name.form : GgufForm::same;
  if (form == GgufForm::transposed) std::swap(shape.rows, shape.columns);
  return from_gguf(read_tensor(*source.weights, stored, shape, source.in_place), form, source.config);
}

void refuse_unused(const ModelSource& source) {
  if (!source.gguf) return;
  std::set<std::string> asked;
  for_each_weight(source.config, [&](const WeightName& weight) { asked.insert(weight.name.gguf); });
  for (const StoredTensor& tensor : source.weights->tensors())
    if (tensor.name.compare(0, 4, "blk.") == 0 && asked.count(tensor.name) == 0)
      fail(ErrorCode::unsupported, "{}: the tensor {} is not supported: no {} model here has it",
           source.weights->path().string(), tensor.name, source.config.family);
}

Filler file_filler(const ModelSource& source) {
  return [&source](const TensorName& name, Shape shape, bool optional) {
    const StoredTensor* stored = find_weight(source, name, optional);
    return stored != nullptr ? read_weight(source, *stored, name, shape) : Tensor();
  };
}

}  // namespace gpt
