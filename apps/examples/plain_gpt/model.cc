#include "model.h"

#include <numeric>

#include "formulas.h"
#include "gpt/core/error.h"

namespace plain {
namespace {

void add_gradient(Weights& gradients, const std::string& name, const Matrix& what) {
  const auto [place, fresh] = gradients.emplace(name, what);
  if (!fresh) add_to(place->second, what);
}

Matrix columns(const Matrix& x, std::size_t first, std::size_t count) {
  Matrix out(x.rows, count);
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t i = 0; i < count; ++i) out(t, i) = x(t, first + i);
  return out;
}

Matrix side_by_side(const Matrix& a, const Matrix& b) {
  if (a.columns == 0) return b;
  Matrix out(a.rows, a.columns + b.columns);
  for (std::size_t t = 0; t < a.rows; ++t)
    for (std::size_t i = 0; i < out.columns; ++i) out(t, i) = i < a.columns ? a(t, i) : b(t, i - a.columns);
  return out;
}

Matrix sum(Matrix a, const Matrix& b) {
  add_to(a, b);
  return a;
}

Tokens positions(std::size_t count) {
  Tokens all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace

Tokens next_tokens(const Tokens& tokens) {
  Tokens targets(tokens.begin() + 1, tokens.end());
  targets.push_back(-1);
  return targets;
}

Model::Model(const gpt::Decoder& decoder) : config_(decoder.config()), llama_(config_.family == "llama") {
  if (!llama_ && config_.family != "gpt2")
    gpt::fail(gpt::ErrorCode::unsupported, "the plain model knows gpt2 and llama, not \"{}\"", config_.family);
  for (const gpt::Parameter* p : decoder.parameters()) {
    const bool flip = stored_transposed(p->name);
    const auto rows = static_cast<std::size_t>(p->value.rows()), cols = static_cast<std::size_t>(p->value.columns());
    Matrix m(flip ? cols : rows, flip ? rows : cols);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < cols; ++c)
        (flip ? m(c, r) : m(r, c)) = static_cast<double>(p->value.row(static_cast<std::int64_t>(r))[c]);
    weights_.emplace(p->name, std::move(m));
  }
}

bool Model::stored_transposed(const std::string& name) const {
  if (llama_) return false;
  for (const char* end : {".c_attn.weight", ".c_proj.weight", ".c_fc.weight"})
    if (name.size() > std::string(end).size() && name.ends_with(end)) return true;
  return false;
}

Model::Names Model::names(std::size_t block) const {
  const std::string at = (llama_ ? "model.layers." : "transformer.h.") + std::to_string(block) + ".";
  if (llama_)
    return {at + "input_layernorm",
            at + "post_attention_layernorm",
            at + "self_attn.o_proj",
            at + "mlp.down_proj",
            {at + "self_attn.q_proj", at + "self_attn.k_proj", at + "self_attn.v_proj"},
            {at + "mlp.gate_proj", at + "mlp.up_proj"}};
  return {at + "ln_1", at + "ln_2", at + "attn.c_proj", at + "mlp.c_proj", {at + "attn.c_attn"}, {at + "mlp.c_fc"}};
}

const Matrix* Model::bias(const std::string& name) const {
  const auto found = weights_.find(name + ".bias");
  return found == weights_.end() ? nullptr : &found->second;
}

AttentionShape Model::shape() const {
  return {static_cast<std::size_t>(config_.heads), static_cast<std::size_t>(config_.kv_heads),
          static_cast<std::size_t>(config_.head_size), config_.rope_theta.value_or(0.0)};
}

std::string Model::output_name() const {
  if (!config_.tied_embeddings) return "lm_head.weight";
  return llama_ ? "model.embed_tokens.weight" : "transformer.wte.weight";
}

Matrix Model::norm(const Matrix& x, const std::string& name) const {
  return llama_ ? rms_norm(x, weight(name), config_.norm_epsilon)
                : layer_norm(x, weight(name), *bias(name), config_.norm_epsilon);
}

Matrix Model::norm_backward(const Matrix& x, const std::string& name, const Matrix& dy, Weights& gradients) const {
  NormGradients d = llama_ ? rms_norm_backward(x, weight(name), config_.norm_epsilon, dy)
                           : layer_norm_backward(x, weight(name), config_.norm_epsilon, dy);
  add_gradient(gradients, name + ".weight", d.weight);
  if (bias(name) != nullptr) add_gradient(gradients, name + ".bias", d.bias);
  return d.x;
}

Matrix Model::project(const Matrix& x, const std::vector<std::string>& names) const {
  Matrix y;
  for (const std::string& name : names) y = side_by_side(y, linear(x, weight(name), bias(name)));
  return y;
}

Matrix Model::project_backward(const Matrix& x, const std::vector<std::string>& names, const Matrix& dy,
                               Weights& gradients) const {
  Matrix dx(x.rows, x.columns);
  std::size_t first = 0;
  for (const std::string& name : names) {
    const Matrix& w = weight(name);
    const LinearGradients d = linear_backward(x, w, columns(dy, first, w.rows));
    first += w.rows;
    add_to(dx, d.x);
    add_gradient(gradients, name + ".weight", d.weight);
    if (bias(name) != nullptr) add_gradient(gradients, name + ".bias", d.bias);
  }
  return dx;
}

Values Model::forward(const Tokens& tokens) const {
  Values v;
  v.x = embedding(weights_.at(llama_ ? "model.embed_tokens.weight" : "transformer.wte.weight"), tokens);
  if (!llama_) add_to(v.x, embedding(weights_.at("transformer.wpe.weight"), positions(tokens.size())));
  for (std::size_t i = 0; i < static_cast<std::size_t>(config_.layers); ++i) {
    const Names n = names(i);
    BlockValues b;
    b.x = v.x;
    b.normed = norm(b.x, n.attention_norm);
    b.qkv = project(b.normed, n.attention_in);
    b.attended = attention(b.qkv, shape());
    b.middle = sum(b.x, project(b.attended, {n.attention_out}));
    b.middle_normed = norm(b.middle, n.mlp_norm);
    b.inner = project(b.middle_normed, n.mlp_in);
    b.active = llama_ ? swiglu(b.inner) : gelu(b.inner);
    v.x = sum(b.middle, project(b.active, {n.mlp_out}));
    v.blocks.push_back(std::move(b));
  }
  v.normed = norm(v.x, llama_ ? "model.norm" : "transformer.ln_f");
  v.logits = linear(v.normed, weights_.at(output_name()));
  return v;
}

Matrix Model::block_backward(const BlockValues& v, const Names& n, Matrix dx, Weights& gradients) const {
  const Matrix dactive = project_backward(v.active, {n.mlp_out}, dx, gradients);
  const Matrix dinner = llama_ ? swiglu_backward(v.inner, dactive) : gelu_backward(v.inner, dactive);
  add_to(dx, norm_backward(v.middle, n.mlp_norm, project_backward(v.middle_normed, n.mlp_in, dinner, gradients),
                           gradients));
  const Matrix dattended = project_backward(v.attended, {n.attention_out}, dx, gradients);
  const Matrix dqkv = attention_backward(v.qkv, shape(), dattended);
  add_to(dx,
         norm_backward(v.x, n.attention_norm, project_backward(v.normed, n.attention_in, dqkv, gradients), gradients));
  return dx;
}

double Model::loss(const Tokens& tokens, Weights* gradients) const {
  const Values v = forward(tokens);
  const CrossEntropy end = cross_entropy(v.logits, next_tokens(tokens));
  if (gradients == nullptr) return end.loss;
  gradients->clear();
  const LinearGradients out = linear_backward(v.normed, weights_.at(output_name()), end.dlogits);
  add_gradient(*gradients, output_name(), out.weight);
  Matrix dx = norm_backward(v.x, llama_ ? "model.norm" : "transformer.ln_f", out.x, *gradients);
  for (std::size_t i = v.blocks.size(); i-- > 0;) dx = block_backward(v.blocks[i], names(i), std::move(dx), *gradients);
  const auto scatter = [&](const std::string& name, const Tokens& ids) {
    add_gradient(*gradients, name, embedding_backward(weights_.at(name).rows, ids, dx));
  };
  scatter(llama_ ? "model.embed_tokens.weight" : "transformer.wte.weight", tokens);
  if (!llama_) scatter("transformer.wpe.weight", positions(tokens.size()));
  return end.loss;
}

std::vector<Matrix> Model::attention_weights(const Values& values, std::size_t block) const {
  std::vector<Matrix> weights;
  attention(values.blocks.at(block).qkv, shape(), &weights);
  return weights;
}

}  // namespace plain
