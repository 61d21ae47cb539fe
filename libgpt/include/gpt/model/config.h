// What a decoder looks like, in terms that all families share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gpt {

enum class NormKind { layer_norm, rms_norm };
enum class MlpKind { gelu_tanh, silu_gated };

struct ModelConfig {
  std::string family;  ///< model_type of config.json: "gpt2", "llama", ...
  std::int64_t vocabulary = 0, hidden = 0, layers = 0, heads = 0, kv_heads = 0, head_size = 0, intermediate = 0;
  std::int64_t context = 0;  ///< most tokens of one sequence
  NormKind norm = NormKind::layer_norm;
  double norm_epsilon = 1e-5;
  MlpKind mlp = MlpKind::gelu_tanh;
  bool learned_positions = false;
  std::optional<double> rope_theta;  ///< rotary positions where set
  bool tied_embeddings = false;      ///< the output projection is the token embedding
  double embedding_dropout = 0, residual_dropout = 0, attention_dropout = 0;
  double initializer_range = 0.02;
  std::optional<std::int32_t> bos, eos, pad;
};

}  // namespace gpt
