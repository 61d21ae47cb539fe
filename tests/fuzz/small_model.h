// The smallest Llama there is, so that thousands of inputs a second meet it.
#pragma once

#include "gpt/model/decoder.h"

namespace gpt::fuzz {

inline ModelConfig small_config() {
  ModelConfig c;
  c.family = "llama";
  c.vocabulary = c.context = 16;
  c.hidden = c.intermediate = 8;
  c.layers = c.kv_heads = 1;
  c.heads = 2;
  c.head_size = 4;
  c.norm = NormKind::rms_norm;
  c.mlp = MlpKind::silu_gated;
  c.rope_theta = 10000;
  return c;
}

}  // namespace gpt::fuzz
