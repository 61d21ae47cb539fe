// Every family in plain loops and double precision, from weights by the names Transformers gives them.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "gpt/model/decoder.h"

namespace gpt::test {

class PlainDecoder {
 public:
  using Rows = std::vector<std::vector<double>>;

  explicit PlainDecoder(const Decoder& decoder) : c_(decoder.config()) {
    for (const Parameter* p : decoder.parameters()) weights_[p->name] = p;
  }

  /// Hidden states of one sequence after the final norm.
  Rows states(const std::vector<std::int32_t>& tokens) const {
    const bool gpt2 = c_.family == "gpt2", neox = c_.family == "gpt_neox";
    const std::string top = gpt2 ? "transformer." : neox ? "gpt_neox." : "model.";
    Rows x;
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      x.push_back(row(top + (gpt2 ? "wte" : neox ? "embed_in" : "embed_tokens"), tokens[t]));
      if (gpt2) add(x[t], row(top + "wpe", static_cast<std::int64_t>(t)));
    }
    for (std::int64_t i = 0; i < c_.layers; ++i) {
      const std::string block = top + (gpt2 ? "h." : "layers.") + std::to_string(i) + ".";
      const Rows before = x;
      add(x, attention(norm(x, block + (gpt2 ? "ln_1" : "input_layernorm")), block));
      add(x, mlp(norm(c_.parallel_residual ? before : x, block + (gpt2 ? "ln_2" : "post_attention_layernorm")), block));
    }
    return norm(x, top + (gpt2 ? "ln_f" : neox ? "final_layer_norm" : "norm"));
  }

 private:
  static void add(std::vector<double>& x, const std::vector<double>& y) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  }
  static void add(Rows& x, const Rows& y) {
    for (std::size_t t = 0; t < x.size(); ++t) add(x[t], y[t]);
  }

  std::vector<double> row(const std::string& name, std::int64_t index) const {
    const Tensor& table = weights_.at(name + ".weight")->value;
    return {table.row(index), table.row(index) + table.columns()};
  }
  std::vector<double> vector(const std::string& name) const {
    const auto found = weights_.find(name);
    if (found == weights_.end()) return {};
    return {found->second->value.values().begin(), found->second->value.values().end()};
  }

  std::vector<double> normalized(const std::vector<double>& x, const std::string& name) const {
    const auto n = static_cast<double>(x.size());
    const std::vector<double> weight = vector(name + ".weight"), bias = vector(name + ".bias");
    double mean = 0, squares = 0;
    if (c_.norm == NormKind::layer_norm)
      for (const double v : x) mean += v / n;
    for (const double v : x) squares += (v - mean) * (v - mean) / n;
    std::vector<double> y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      y[i] = (x[i] - mean) / std::sqrt(squares + c_.norm_epsilon) * weight[i] + (bias.empty() ? 0.0 : bias[i]);
    return y;
  }
  Rows norm(const Rows& x, const std::string& name) const {
    Rows y;
    for (const auto& one : x) y.push_back(normalized(one, name));
    return y;
  }

  Rows linear(const Rows& x, const std::string& name) const {
    const Tensor& w = weights_.at(name + ".weight")->value;
    const std::vector<double> bias = vector(name + ".bias");
    const bool transposed = c_.family == "gpt2";
    Rows y;
    for (const auto& one : x) {
      std::vector<double>& out = y.emplace_back(static_cast<std::size_t>(transposed ? w.columns() : w.rows()));
      for (std::size_t o = 0; o < out.size(); ++o) {
        const auto at = static_cast<std::int64_t>(o);
        for (std::size_t i = 0; i < one.size(); ++i)
          out[o] += one[i] * static_cast<double>(transposed ? w.row(static_cast<std::int64_t>(i))[at] : w.row(at)[i]);
        if (!bias.empty()) out[o] += bias[o];
      }
    }
    return y;
  }

  /// part 0: queries, 1: keys, 2: values of a head, from what the family's projections give.
  std::vector<double> head(const std::vector<Rows>& projected, std::size_t token, std::size_t part,
                           std::size_t index) const {
    const auto size = static_cast<std::size_t>(c_.head_size), heads = static_cast<std::size_t>(c_.heads);
    const std::vector<double>& from = projected.size() == 3 ? projected[part][token] : projected[0][token];
    std::size_t first = index * size;
    if (c_.family == "gpt2") first += part * heads * size;
    if (c_.family == "gpt_neox") first = (3 * index + part) * size;
    return {from.begin() + static_cast<std::ptrdiff_t>(first),
            from.begin() + static_cast<std::ptrdiff_t>(first + size)};
  }

  void rotate(std::vector<double>& x, std::size_t position) const {
    if (!c_.rope_theta) return;
    const std::size_t half = static_cast<std::size_t>(c_.rotated > 0 ? c_.rotated : c_.head_size) / 2;
    for (std::size_t i = 0; i < half; ++i) {
      double frequency = std::pow(*c_.rope_theta, -static_cast<double>(i) / static_cast<double>(half));
      if (c_.rope_scaling) {  // Llama 3: wavelengths in parts of the original context
        const auto& s = *c_.rope_scaling;
        const double part = static_cast<double>(s.original_context) * frequency / (2 * M_PI);
        const double slope = std::min(
            1.0, std::max(0.0, (part - s.low_frequency_factor) / (s.high_frequency_factor - s.low_frequency_factor)));
        frequency *= slope + (1 - slope) / s.factor;
      }
      const double angle = static_cast<double>(position) * frequency, a = x[i], b = x[i + half];
      x[i] = a * std::cos(angle) - b * std::sin(angle);
      x[i + half] = b * std::cos(angle) + a * std::sin(angle);
    }
  }

  Rows attention(const Rows& x, const std::string& block) const {
    const bool gpt2 = c_.family == "gpt2", neox = c_.family == "gpt_neox";
    const std::string own = block + (gpt2 ? "attn." : neox ? "attention." : "self_attn.");
    std::vector<Rows> projected;
    if (gpt2 || neox) {
      projected.push_back(linear(x, own + (gpt2 ? "c_attn" : "query_key_value")));
    } else {
      for (const char* name : {"q_proj", "k_proj", "v_proj"}) projected.push_back(linear(x, own + name));
    }
    const auto turned = [&](std::size_t token, std::size_t part, std::size_t index) {
      std::vector<double> y = head(projected, token, part, index);
      if (c_.query_key_norm) y = normalized(y, own + (part == 0 ? "q_norm" : "k_norm"));
      rotate(y, token);
      return y;
    };
    Rows mixed(x.size());
    for (std::size_t h = 0; h < static_cast<std::size_t>(c_.heads); ++h) {
      const std::size_t kv = h / static_cast<std::size_t>(c_.heads / c_.kv_heads);
      for (std::size_t t = 0; t < x.size(); ++t) mix(projected, turned, t, h, kv, mixed[t]);
    }
    return linear(mixed, own + (gpt2 ? "c_proj" : neox ? "dense" : "o_proj"));
  }

  template <typename Turned>
  void mix(const std::vector<Rows>& projected, const Turned& turned, std::size_t t, std::size_t h, std::size_t kv,
           std::vector<double>& out) const {
    const std::vector<double> query = turned(t, 0, h);
    std::vector<double> sum(query.size());
    double total = 0;
    for (std::size_t j = 0; j <= t; ++j) {
      if (c_.window > 0 && j + static_cast<std::size_t>(c_.window) <= t) continue;
      const std::vector<double> key = turned(j, 1, kv), value = head(projected, j, 2, kv);
      double dot = 0;
      for (std::size_t i = 0; i < key.size(); ++i) dot += query[i] * key[i];
      const double weight = std::exp(dot / std::sqrt(static_cast<double>(key.size())));
      total += weight;
      for (std::size_t i = 0; i < key.size(); ++i) sum[i] += weight * value[i];
    }
    for (const double v : sum) out.push_back(v / total);
  }

  Rows mlp(const Rows& x, const std::string& block) const {
    const bool gpt2 = c_.family == "gpt2", neox = c_.family == "gpt_neox";
    const std::string own = block + "mlp.";
    Rows y = linear(x, own + (gpt2 ? "c_fc" : neox ? "dense_h_to_4h" : "gate_proj"));
    const Rows up = gpt2 || neox ? Rows() : linear(x, own + "up_proj");
    for (std::size_t t = 0; t < y.size(); ++t)
      for (std::size_t i = 0; i < y[t].size(); ++i) {
        const double v = y[t][i];
        if (c_.mlp == MlpKind::silu_gated) y[t][i] = v / (1 + std::exp(-v)) * up[t][i];
        if (c_.mlp == MlpKind::gelu_erf) y[t][i] = v / 2 * (1 + std::erf(v / std::sqrt(2.0)));
        if (c_.mlp == MlpKind::gelu_tanh)
          y[t][i] = v / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v)));
      }
    return linear(y, own + (gpt2 ? "c_proj" : neox ? "dense_4h_to_h" : "down_proj"));
  }

  ModelConfig c_;
  std::map<std::string, const Parameter*> weights_;
};

}  // namespace gpt::test
