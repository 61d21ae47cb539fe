// Random models of a few thousand weights, and random prompts for them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gpt/core/random.h"
#include "gpt/model/decoder.h"

namespace gpt::test {

constexpr std::int64_t kVocabulary = 61, kContext = 96;

/// "gpt2" (learned positions, layer norm), "llama" (rotary positions, four query heads on two key-value heads), "qwen3"
/// (norms of heads), "mistral" (a window of 9 tokens) or "gpt_neox" (rotary positions on a part, attention and MLP side
/// by side). The weights are large, so that what a token says depends on all those before it.
inline std::unique_ptr<Decoder> tiny_model(const std::string& family) {
  ModelConfig c;
  c.family = family;
  c.vocabulary = kVocabulary;
  c.context = kContext;
  c.hidden = 40;
  c.layers = 2;
  c.heads = 4;
  c.kv_heads = 4;
  c.head_size = 10;
  c.intermediate = 48;
  c.tied_embeddings = true;
  c.initializer_range = 0.3;
  if (family == "gpt2") {
    c.learned_positions = true;
    c.intermediate = 160;
  } else if (family == "gpt_neox") {
    c.rope_theta = 10000.0;
    c.rotated = 4;
    c.mlp = MlpKind::gelu_erf;
    c.interleaved_heads = c.parallel_residual = true;
  } else {
    c.kv_heads = 2;
    c.norm = NormKind::rms_norm;
    c.mlp = MlpKind::silu_gated;
    c.rope_theta = 10000.0;
    c.query_key_norm = family == "qwen3";
    if (family == "mistral") c.window = 9;
  }
  return Decoder::create(c, 7);
}

constexpr const char* kFamilies[] = {"gpt2", "llama", "qwen3", "mistral", "gpt_neox"};

inline std::vector<std::int32_t> random_tokens(std::size_t count, std::uint64_t stream) {
  Random random(11, stream);
  std::vector<std::int32_t> tokens(count);
  for (std::int32_t& token : tokens) token = static_cast<std::int32_t>(random.below(kVocabulary));
  return tokens;
}

}  // namespace gpt::test
