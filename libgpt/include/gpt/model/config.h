// What a decoder looks like, in terms that all families share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gpt/ops/rope.h"

namespace gpt {

enum class NormKind { layer_norm, rms_norm };
enum class MlpKind { gelu_tanh, gelu_erf, silu_gated };

struct ModelConfig {
  std::string family;  ///< model_type of config.json: "gpt2", "llama", ...
  std::int64_t vocabulary = 0, hidden = 0, layers = 0, heads = 0, kv_heads = 0, head_size = 0, intermediate = 0;
  std::int64_t context = 0;  ///< most tokens of one sequence
  NormKind norm = NormKind::layer_norm;
  double norm_epsilon = 1e-5;
  MlpKind mlp = MlpKind::gelu_tanh;
  bool learned_positions = false;
  std::optional<double> rope_theta;         ///< rotary positions where set
  std::optional<RopeScaling> rope_scaling;  ///< Llama 3's
  std::int64_t rotated = 0;                 ///< values of a head that turn; 0: all of them
  std::int64_t window = 0;         ///< keys that a token sees, its own among them (Mistral's); 0: all before it
  bool query_key_norm = false;     ///< each head of queries and keys is normalized by itself (Qwen3)
  bool interleaved_heads = false;  ///< a head's query, key and value side by side (GPT-NeoX)
  bool parallel_residual = false;  ///< attention and MLP read the same sum (GPT-NeoX)
  bool tied_embeddings = false;    ///< the output projection is the token embedding
  double embedding_dropout = 0, residual_dropout = 0, attention_dropout = 0;
  double initializer_range = 0.02;
  std::optional<std::int32_t> bos, eos, pad;
};

}  // namespace gpt
