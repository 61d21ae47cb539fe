// Models made from a seed, and their outputs: what other programs are compared with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/core/random.h"
#include "gpt/head/sequence_head.h"
#include "gpt/head/span_head.h"
#include "gpt/model/decoder.h"
#include "gpt/model/files.h"
#include "gpt/model/lora.h"
#include "gpt/tensor/gemm.h"

namespace gpt::parity {

using Tokens = std::vector<std::int32_t>;

/// ForCausalLM, ForSequenceClassification (three labels) and ForQuestionAnswering.
inline const std::vector<std::string>& classes() {
  static const std::vector<std::string> names{"ForCausalLM", "ForSequenceClassification", "ForQuestionAnswering"};
  return names;
}

/// GPT-2 and GPT-NeoX: layer norm, GELU, as many key heads as others.
inline void layer_norm_kind(ModelConfig& c) {
  c.kv_heads = c.heads;
  if (c.family == "gpt2") {
    c.learned_positions = c.tied_embeddings = true;
    return;
  }
  c.mlp = MlpKind::gelu_erf;
  c.rope_theta = 10000;
  c.rotated = c.head_size / 4;
  c.interleaved_heads = c.parallel_residual = true;
}

/// By model_type, or "llama3": Llama with Llama 3's scaled rotary positions.
inline ModelConfig config_of(const std::string& family) {
  ModelConfig c;
  c.family = family == "llama3" ? "llama" : family;
  c.vocabulary = 258;
  c.hidden = 64;
  c.layers = 2;
  c.heads = 4;
  c.head_size = 16;
  c.intermediate = 128;
  c.context = 96;
  c.initializer_range = 0.2;  // far from uniform outputs
  c.bos = c.eos = 256;
  c.pad = 257;
  if (family == "gpt2" || family == "gpt_neox") {
    layer_norm_kind(c);
    return c;
  }
  c.kv_heads = 2;
  c.norm = NormKind::rms_norm;
  c.norm_epsilon = 1e-6;
  c.mlp = MlpKind::silu_gated;
  c.rope_theta = 10000;
  c.tied_embeddings = family == "qwen2";
  c.query_key_norm = family == "qwen3";
  if (family == "mistral") c.window = 16;
  if (family == "llama3") c.rope_scaling = RopeScaling{8, 1, 4, 32};
  return c;
}

/// Norms and biases too are away from 1 and 0, so that one in the wrong place shows.
inline void stir(std::span<Parameter* const> parameters, std::uint64_t seed) {
  Random random(seed);
  for (Parameter* p : parameters)
    if (p->value.shape().rank == 1)
      for (float& value : p->value.values()) value += 0.1F * random.normal();
}

inline std::unique_ptr<Decoder> make_decoder(const std::string& family, std::uint64_t seed) {
  auto decoder = Decoder::create(config_of(family), seed);
  stir(decoder->parameters(), seed + 1);
  return decoder;
}

/// Null for ForCausalLM, whose head is the decoder's.
inline std::unique_ptr<Head> make_head(const ModelConfig& config, const std::string& name, std::uint64_t seed) {
  Random random(seed + 2);
  std::unique_ptr<Head> head;
  if (name == "ForSequenceClassification") head = std::make_unique<SequenceHead>(config.hidden, 3, 0.2F, random);
  if (name == "ForQuestionAnswering") head = std::make_unique<SpanHead>(config.hidden, 0.2F, random);
  if (head) stir(head->parameters(), seed + 3);
  return head;
}

/// What config.json says beyond the decoder.
inline nlohmann::ordered_json extra_of(const std::string& name) {
  if (name != "ForSequenceClassification") return nlohmann::ordered_json::object();
  return {{"id2label", {{"0", "a"}, {"1", "b"}, {"2", "c"}}}, {"label2id", {{"a", 0}, {"b", 1}, {"c", 2}}}};
}

/// [tokens, vocabulary], [1, 3] or [tokens, 2]: what the class of Transformers calls logits.
inline std::vector<std::vector<float>> logits(const Decoder& decoder, Head* head, const Tokens& tokens) {
  Batch batch;
  batch.add({tokens, {}});
  Arena arena;
  Tape tape(arena, false);
  const Hidden hidden = decoder.forward(tape, batch);
  Tensor out;
  if (head != nullptr) {
    out = head->forward(hidden, batch).value();
  } else {
    const Tensor& projection = decoder.output_projection().value;
    const std::int64_t n = projection.columns();
    out = Tensor::zeros(Shape::matrix(batch.token_count(), projection.rows()));
    gemm(out.rows(), out.columns(), n, 1.0F, {hidden.states.value().data(), n}, {projection.data(), n, true}, 0.0F,
         out.data(), out.columns());
  }
  std::vector<std::vector<float>> rows;
  for (std::int64_t i = 0; i < out.rows(); ++i) rows.emplace_back(out.row(i), out.row(i) + out.columns());
  return rows;
}

}  // namespace gpt::parity
