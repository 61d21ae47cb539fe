// Models small enough to train in milliseconds, and something to train them on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/core/hash.h"
#include "gpt/head/language_model_head.h"
#include "gpt/head/sequence_head.h"
#include "gpt/model/decoder.h"
#include "gpt/model/lora.h"
#include "gpt/tensor/parallel.h"
#include "gpt/train/trainer.h"

namespace gpt::test {

inline ModelConfig tiny_gpt2() {
  ModelConfig c;
  c.family = "gpt2";
  c.vocabulary = 120;
  c.hidden = 48;
  c.layers = 2;
  c.heads = c.kv_heads = 4;
  c.head_size = 12;
  c.intermediate = 104;
  c.context = 40;
  c.learned_positions = c.tied_embeddings = true;
  c.embedding_dropout = c.residual_dropout = c.attention_dropout = 0.1;
  return c;
}

inline ModelConfig tiny_llama() {
  ModelConfig c = tiny_gpt2();
  c.family = "llama";
  c.kv_heads = 2;
  c.norm = NormKind::rms_norm;
  c.mlp = MlpKind::silu_gated;
  c.rope_theta = 10000;
  c.learned_positions = c.tied_embeddings = false;
  c.embedding_dropout = c.residual_dropout = 0;
  return c;
}

/// One model of every kind there is: all families, Llama 3's positions, a window, both orders of a block.
inline std::vector<ModelConfig> tiny_configs() {
  std::vector<ModelConfig> all{tiny_gpt2(), tiny_llama()};
  const auto add = [&](const char* family, const auto& change) {
    ModelConfig c = tiny_llama();
    c.family = family;
    change(c);
    all.push_back(c);
  };
  add("llama", [](ModelConfig& c) {
    c.head_size = 32;  // pairs enough between the ends of the scaling for a GGUF file to tell which it is
    c.rope_scaling = RopeScaling{8, 1, 4, 64};
    c.tied_embeddings = true;
  });
  add("qwen2", [](ModelConfig& c) { c.tied_embeddings = true; });
  add("qwen3", [](ModelConfig& c) {
    c.head_size = 16;
    c.query_key_norm = true;
  });
  add("mistral", [](ModelConfig& c) { c.window = 7; });
  for (const bool parallel : {true, false})
    add("gpt_neox", [parallel](ModelConfig& c) {
      c.kv_heads = c.heads;
      c.norm = NormKind::layer_norm;
      c.mlp = MlpKind::gelu_erf;
      c.rotated = 4;
      c.interleaved_heads = true;
      c.parallel_residual = parallel;
      c.embedding_dropout = c.residual_dropout = c.attention_dropout = 0.1;
    });
  return all;
}

/// Three classes from the last token.
class TinyHead : public SequenceHead {
 public:
  explicit TinyHead(std::int64_t hidden, Random random = Random(5)) : SequenceHead(hidden, 3, 0.1F, random) {}
};

struct Model {
  std::unique_ptr<Decoder> decoder;
  std::unique_ptr<Head> head;

  std::vector<Parameter*> parameters() const {
    std::vector<Parameter*> all = decoder->parameters();
    for (Parameter* p : head->parameters()) all.push_back(p);
    return all;
  }
  /// Of every weight.
  std::string hash() const {
    Hasher hasher;
    for (const Parameter* p : parameters()) hasher.update(p->value.data(), p->value.values().size_bytes());
    return hasher.digest();
  }
};

/// Everything trains, dropout everywhere.
inline Model gpt2_classifier(std::uint64_t seed = 1) {
  Model m{Decoder::create(tiny_gpt2(), seed), nullptr};
  m.decoder->set_trainable(true);
  m.head = std::make_unique<TinyHead>(m.decoder->config().hidden);
  return m;
}

/// The same with products in bfloat16 where the machine has them.
inline Model gpt2_in_bfloat16(std::uint64_t seed = 1) {
  Model m = gpt2_classifier(seed);
  m.decoder->set_precision(Precision::bfloat16);
  return m;
}

/// Adapters train, with a dropout of their own.
inline Model llama_adapters(std::uint64_t seed = 1) {
  Model m{Decoder::create(tiny_llama(), seed), nullptr};
  m.decoder->add_lora({4, 8, 0.1, {}}, 3);
  m.head = std::make_unique<LanguageModelHead>(m.decoder->output_projection());
  return m;
}

/// `count` sequences of 1 to 40 random tokens with a random class.
inline std::vector<Example> tiny_examples(std::size_t count, std::uint64_t seed = 9) {
  Random random(seed);
  std::vector<Example> examples(count);
  for (Example& e : examples) {
    const std::uint32_t length = 1 + random.below(40);
    for (std::uint32_t i = 0; i < length; ++i) e.tokens.push_back(static_cast<std::int32_t>(random.below(120)));
    e.target.label = static_cast<std::int32_t>(random.below(3));
  }
  return examples;
}

inline TrainOptions tiny_options(std::int64_t steps) {
  TrainOptions o;
  o.max_steps = steps;
  o.batch_size = 6;
  o.learning_rate = 1e-3;
  o.weight_decay = 0.01;
  o.warmup_steps = 2;
  return o;
}

inline TrainResult train(const Model& m, std::span<const Example> examples, const TrainOptions& options,
                         Threads& threads, const std::filesystem::path& checkpoints = {},
                         const std::filesystem::path& resume = {}, const TrainHooks& hooks = {}) {
  return train(*m.decoder, *m.head, examples, options, threads, checkpoints, resume, hooks);
}

}  // namespace gpt::test
