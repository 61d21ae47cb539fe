#include "gpt/model/decoder.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/core/random.h"
#include "gpt/model/kv_cache.h"
#include "gpt/ops/embedding.h"
#include "gpt/tensor/gemm.h"
#include "kernels/small_gemm.h"
#include "model/blocks.h"
#include "model/decoder_impl.h"
#include "model/source.h"
#include "tensor/quantized.h"

namespace gpt {
namespace {

namespace fs = std::filesystem;

/// Rows of the rotary table: a configuration may claim any context, and memory must not follow it.
constexpr std::int64_t kMostPositions = 1 << 18;

constexpr std::uint64_t kNewTokens = 0x746F6B656E730000ULL;  // streams of random numbers

/// The name of a projection's module: of its weight, without ".weight".
std::string_view module_path(const Projection& projection) {
  const std::string_view name = projection.weight->name;
  return name.substr(0, name.size() - std::string_view(".weight").size());
}

/// As PEFT matches: a target is a module's whole name or its end from a point on. The first part of a whole name may be
/// another class's (transformer.h.0.attn.c_attn, h.0.attn.c_attn).
bool matches(std::string_view path, std::string_view target) {
  const auto ends = [](std::string_view whole, std::string_view end) {
    return whole.ends_with(end) && (whole.size() == end.size() || whole[whole.size() - end.size() - 1] == '.');
  };
  const std::size_t point = path.find('.'), other = target.find('.');
  return ends(path, target) || (other != std::string_view::npos && path.substr(point + 1) == target.substr(other + 1));
}

bool is_target(const LoraOptions& options, const Projection& projection) {
  const auto& targets = options.targets;
  return targets.empty() || (targets.size() == 1 && targets.front() == "all-linear") ||
         std::any_of(targets.begin(), targets.end(),
                     [&](const std::string& target) { return matches(module_path(projection), target); });
}

void check_targets(const LoraOptions& options, const Weights& weights) {
  std::vector<std::string> known;
  const std::vector<Projection*> all = const_cast<Weights&>(weights).projections();
  for (const Projection* p : all)
    if (std::find(known.begin(), known.end(), p->module) == known.end()) known.push_back(p->module);
  for (const std::string& target : options.targets)
    if (target != "all-linear" &&
        std::none_of(all.begin(), all.end(), [&](const Projection* p) { return matches(module_path(*p), target); }))
      fail(ErrorCode::invalid_option, "no projection is named \"{}\"; this model has {}", target,
           fmt::join(known, ", "));
}

}  // namespace

Decoder::Decoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  const ModelConfig& c = impl_->config;
  if (c.rope_theta)
    impl_->rope = make_rope(std::min(c.context, kMostPositions), c.rotated > 0 ? c.rotated : c.head_size, *c.rope_theta,
                            c.rope_scaling);
}

Decoder::~Decoder() = default;

std::unique_ptr<Decoder> Decoder::create(const ModelConfig& config, std::uint64_t seed) {
  check_config(config, "the configuration");
  auto impl = std::make_unique<Impl>();
  impl->config = config;
  impl->weights = make_weights(impl->config, random_filler(config, seed));
  return std::unique_ptr<Decoder>(new Decoder(std::move(impl)));
}

void Decoder::scale_residual_projections() {
  const float factor = 1.0F / std::sqrt(2.0F * static_cast<float>(impl_->config.layers));
  for (const Block& block : impl_->weights->blocks)
    for (const Projection* projection : {&block.attention_out, &block.mlp_out})
      for (float& value : projection->weight->value.values()) value *= factor;
}

std::unique_ptr<Decoder> Decoder::load(const fs::path& path) {
  const ModelSource source = open_model(path);
  auto impl = std::make_unique<Impl>();
  impl->config = source.config;
  impl->weights = make_weights(impl->config, file_filler(source));
  refuse_unused(source);
  return std::unique_ptr<Decoder>(new Decoder(std::move(impl)));
}

const ModelConfig& Decoder::config() const noexcept { return impl_->config; }

Hidden Decoder::forward(Tape& tape, const Batch& batch, StateRows rows, KvCache* cache) const {
  const ModelConfig& c = impl_->config;
  const Weights& w = *impl_->weights;
  const Blocks blocks(c, w, impl_->rope, batch, rows);

  Normed x;
  x.sum = embedding(tape, batch, *w.token_embedding, w.position_embedding, static_cast<float>(c.embedding_dropout));
  x.normed = norm(x.sum, w.blocks.front().attention_norm);
  if (cache != nullptr) cache->extend(batch, c);
  for (std::size_t i = 0; i < w.blocks.size(); ++i) {
    if (impl_->checkpointing && tape.recording()) {
      x = blocks.forward_checkpointed(std::move(x), i);
      continue;
    }
    const CacheView view = cache != nullptr ? cache->view(static_cast<std::int64_t>(i)) : CacheView();
    x = blocks.forward(std::move(x), i, cache != nullptr ? &view : nullptr);
  }
  if (cache != nullptr) cache->commit(batch);
  return {x.normed};
}

void Decoder::set_gradient_checkpointing(bool on) noexcept { impl_->checkpointing = on; }

std::vector<Parameter*> Decoder::parameters() const {
  std::vector<Parameter*> all;
  for (Parameter& p : impl_->weights->parameters) all.push_back(&p);
  for (Parameter& p : impl_->weights->adapters) all.push_back(&p);
  return all;
}

std::int64_t Decoder::weight_bytes() const {
  std::size_t bytes = 0;
  for (const Parameter* p : parameters()) {
    if (p->value.data() != nullptr) bytes += p->value.values().size_bytes();
    bytes += p->half.size() * sizeof(std::uint16_t);
    if (p->quantized) bytes += p->quantized->bytes();
  }
  return static_cast<std::int64_t>(bytes);
}

void Decoder::set_trainable(bool on) {
  for (Parameter* p : parameters()) p->set_trainable(on);
}

Parameter& Decoder::output_projection() const {
  if (impl_->weights->output_projection == nullptr)
    fail(ErrorCode::not_found,
         "this model was saved without its output projection (lm_head.weight): it cannot predict tokens");
  return *impl_->weights->output_projection;
}

bool Decoder::set_precision(Precision precision) {
  Weights& weights = *impl_->weights;
  Parameter* const output = weights.output_projection;
  if (precision == Precision::float32) return true;
  if (precision == Precision::bfloat16) {
    if (!hardware_bf16()) return false;
    for (Projection* projection : weights.projections()) projection->weight->round_half();
    if (output != nullptr) output->round_half();
    return true;
  }
  set_trainable(false);
  const bool transposed = family(impl_->config.family).transposed_weights();
  Arena arena;
  for (Projection* projection : weights.projections()) {
    Parameter& weight = *projection->weight;
    weight.quantize(arena, precision, transposed);
    weight.value = Tensor::view(nullptr, weight.value.shape(), nullptr);  // the shape alone
  }
  if (output != nullptr)
    output->quantize(arena, Precision::int8, false);  // rows are still looked up in value where tied
  return true;
}

Decoder::ProductWeights Decoder::product_weights() const {
  ProductWeights sum;
  for (const Projection* projection : impl_->weights->projections()) {
    sum.blocks += projection->weight->value.size();
    sum.bytes += projection->weight->product_bytes();
  }
  const Block& last = impl_->weights->blocks.back();
  for (const Projection& projection : last.mlp_in) sum.last_rows += projection.weight->value.size();
  for (const Projection* projection : {&last.attention_out, &last.mlp_out})
    sum.last_rows += projection->weight->value.size();
  if (const Parameter* output = impl_->weights->output_projection; output != nullptr) {
    sum.output = output->value.size();
    sum.bytes += output->product_bytes();
  }
  return sum;
}

Parameter& Decoder::token_embedding() const { return *impl_->weights->token_embedding; }

void Decoder::add_lora(const LoraOptions& options, std::uint64_t seed) {
  if (impl_->lora) fail(ErrorCode::invalid_option, "this model has adapters already; merge them first");
  if (options.rank < 1 || options.rank > 1024)
    fail(ErrorCode::invalid_option, "a LoRA rank must be between 1 and 1024, not {}", options.rank);
  if (!(options.dropout >= 0 && options.dropout < 1))
    fail(ErrorCode::invalid_option, "a LoRA dropout must be at least 0 and below 1, not {}", options.dropout);
  check_targets(options, *impl_->weights);
  set_trainable(false);
  const bool transposed = family(impl_->config.family).transposed_weights();
  std::uint64_t stream = 0;
  for (Projection* projection : impl_->weights->projections()) {
    if (!is_target(options, *projection)) continue;
    const LinearPart map = linear_part(*projection, transposed);
    const std::string base(module_path(*projection));
    const auto add = [&](const char* side, Shape shape) {
      Parameter& parameter = impl_->weights->adapters.emplace_back();
      parameter.name = base + "." + side + ".weight";
      parameter.value = Tensor::zeros(shape);
      return &parameter;
    };
    Parameter* const a = add("lora_A", Shape::matrix(options.rank, map.inputs()));
    Parameter* const b = add("lora_B", Shape::matrix(map.outputs(), options.rank));
    // As PEFT: uniform in +-1/sqrt(inputs) (Kaiming's with a = sqrt 5).
    Random random(seed, 0x10AA0000ULL + ++stream);
    const float bound = 1.0F / std::sqrt(static_cast<float>(map.inputs()));
    for (float& value : a->value.values()) value = bound * (2.0F * random.uniform() - 1.0F);
    a->set_trainable(true);
    b->set_trainable(true);
    projection->adapter =
        std::make_unique<LowRank>(LowRank{a, b, static_cast<float>(options.alpha / static_cast<double>(options.rank)),
                                          static_cast<float>(options.dropout)});
  }
  if (impl_->first_new_token) impl_->weights->token_embedding->set_trainable(true);
  impl_->lora = options;
}

void Decoder::add_tokens(std::int64_t first, std::int64_t vocabulary, std::uint64_t seed) {
  ModelConfig& config = impl_->config;
  if (first < 0 || first > config.vocabulary)
    fail(ErrorCode::invalid_option, "new tokens from id {} on do not follow a vocabulary of {}", first,
         config.vocabulary);
  config.vocabulary = std::max(config.vocabulary, vocabulary);
  impl_->first_new_token = first;
  const auto extend = [&](Parameter& table, std::uint64_t stream) {
    const Tensor before = table.value;
    Tensor after = Tensor::zeros(Shape::matrix(config.vocabulary, before.columns()));
    std::copy_n(before.data(), before.size(), after.data());
    Random random(seed, stream);
    for (float* value = after.row(first); value < after.row(config.vocabulary); ++value)
      *value = static_cast<float>(config.initializer_range) * random.normal();
    table.value = std::move(after);
    if (table.trainable) table.set_trainable(true);
    if (!table.half.empty()) table.round_half();
  };
  Weights& weights = *impl_->weights;
  extend(*weights.token_embedding, kNewTokens);
  if (weights.output_projection != nullptr && weights.output_projection != weights.token_embedding)
    extend(*weights.output_projection, kNewTokens + 1);
}

std::int64_t Decoder::first_new_token() const noexcept {
  return impl_->first_new_token.value_or(impl_->config.vocabulary);
}

bool Decoder::has_lora() const noexcept { return impl_->lora.has_value(); }
const LoraOptions& Decoder::lora() const { return impl_->lora.value(); }

void Decoder::merge_lora() {
  const bool transposed = family(impl_->config.family).transposed_weights();
  for (Projection* projection : impl_->weights->projections()) {
    if (projection->adapter == nullptr) continue;
    Tensor& weight = projection->weight->value;
    if (!weight.writable()) weight = weight.clone();
    const Tensor &a = projection->adapter->a->value, &b = projection->adapter->b->value;
    const std::int64_t rank = a.rows(), inputs = a.columns(), outputs = b.rows();
    if (transposed) {  // w += scale a' b'
      Tensor b_transposed = Tensor::zeros(Shape::matrix(rank, outputs));
      kernels::transpose(outputs, rank, b.data(), rank, b_transposed.data(), outputs);
      kernels::small_gemm(inputs, outputs, rank, projection->adapter->scale, {a.data(), 1, inputs}, b_transposed.data(),
                          outputs, 1.0F, weight.data(), outputs);
    } else {  // w += scale b a
      kernels::small_gemm(outputs, inputs, rank, projection->adapter->scale, {b.data(), rank, 1}, a.data(), inputs,
                          1.0F, weight.data(), inputs);
    }
    if (!projection->weight->half.empty()) projection->weight->round_half();
    projection->adapter.reset();
  }
  impl_->weights->adapters.clear();
  impl_->lora.reset();
}

}  // namespace gpt
