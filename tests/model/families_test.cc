// Every family against plain loops in double precision, and its weights from GGUF files as llama.cpp lays them out.
#include <map>

#include "gpt/model/decoder.h"
#include "gpt/model/files.h"
#include "model/plain_decoder.h"
#include "support/errors.h"
#include "support/gguf_builder.h"
#include "support/temporary_folder.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

/// Every weight a value that matters, norms and biases included.
std::unique_ptr<Decoder> shaken(const ModelConfig& config) {
  auto decoder = Decoder::create(config, 3);
  Random random(21);
  for (Parameter* p : decoder->parameters()) {
    const bool vector = p->value.shape().rank == 1, bias = p->name.find("bias") != std::string::npos;
    for (float& v : p->value.values()) v = (vector && !bias ? 1.0F : 0.0F) + 0.2F * random.normal();
  }
  return decoder;
}

std::vector<std::int32_t> some_tokens(std::size_t count) {
  std::vector<std::int32_t> tokens;
  for (std::size_t i = 0; i < count; ++i) tokens.push_back(static_cast<std::int32_t>((7 * i * i + 3 * i) % 120));
  return tokens;
}

/// A GGUF file of architecture `arch`: sizes in the metadata, float32 tensors.
class GgufModel {
 public:
  explicit GgufModel(std::string arch) : arch_(std::move(arch)) {
    entries_ = entry("general.architecture", 8, text(arch_));
  }
  void integer(const std::string& key, std::int64_t value) {
    add(entry(arch_ + "." + key, 4, raw(static_cast<std::uint32_t>(value))));
  }
  void number(const std::string& key, float value) { add(entry(arch_ + "." + key, 6, raw(value))); }
  void flag(const std::string& key, bool value) {
    add(entry(arch_ + "." + key, 7, raw(static_cast<std::uint8_t>(value))));
  }
  void string(const std::string& key, const std::string& value) { add(entry(arch_ + "." + key, 8, text(value))); }

  /// Rows and columns as PyTorch has them (rows 1: a vector).
  void tensor(const std::string& name, std::int64_t rows, std::int64_t columns, const std::vector<float>& values) {
    descriptions_ +=
        rows == 1 ? gpt::test::tensor(name, {static_cast<std::uint64_t>(columns)}, 0, data_.size())
                  : gpt::test::tensor(name, {static_cast<std::uint64_t>(columns), static_cast<std::uint64_t>(rows)}, 0,
                                      data_.size());
    data_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    data_.resize((data_.size() + 31) / 32 * 32, '\0');
    ++tensors_;
  }
  std::string bytes() const { return gguf(tensors_, count_, entries_ + descriptions_, data_); }

 private:
  void add(const std::string& one) {
    entries_ += one;
    ++count_;
  }
  std::string arch_, entries_, descriptions_, data_;
  std::uint64_t tensors_ = 0, count_ = 1;
};

/// llama.cpp's name of a weight.
std::string gguf_name(std::string name) {
  static const std::pair<const char*, const char*> parts[] = {{"transformer.h.", "blk."},
                                                              {"gpt_neox.layers.", "blk."},
                                                              {"model.layers.", "blk."},
                                                              {"transformer.wte", "token_embd"},
                                                              {"transformer.wpe", "position_embd"},
                                                              {"model.embed_tokens", "token_embd"},
                                                              {"gpt_neox.embed_in", "token_embd"},
                                                              {"transformer.ln_f", "output_norm"},
                                                              {"model.norm", "output_norm"},
                                                              {"gpt_neox.final_layer_norm", "output_norm"},
                                                              {"lm_head", "output"},
                                                              {"embed_out", "output"},
                                                              {"attn.c_attn", "attn_qkv"},
                                                              {"attention.query_key_value", "attn_qkv"},
                                                              {"attn.c_proj", "attn_output"},
                                                              {"attention.dense", "attn_output"},
                                                              {"mlp.c_fc", "ffn_up"},
                                                              {"mlp.c_proj", "ffn_down"},
                                                              {"mlp.dense_h_to_4h", "ffn_up"},
                                                              {"mlp.dense_4h_to_h", "ffn_down"},
                                                              {"ln_1", "attn_norm"},
                                                              {"ln_2", "ffn_norm"},
                                                              {"post_attention_layernorm", "ffn_norm"},
                                                              {"input_layernorm", "attn_norm"},
                                                              {"self_attn.q_proj", "attn_q"},
                                                              {"self_attn.k_proj", "attn_k"},
                                                              {"self_attn.v_proj", "attn_v"},
                                                              {"self_attn.o_proj", "attn_output"},
                                                              {"self_attn.q_norm", "attn_q_norm"},
                                                              {"self_attn.k_norm", "attn_k_norm"},
                                                              {"mlp.gate_proj", "ffn_gate"},
                                                              {"mlp.up_proj", "ffn_up"},
                                                              {"mlp.down_proj", "ffn_down"}};
  for (const auto& [ours, theirs] : parts)
    if (const std::size_t at = name.find(ours); at != std::string::npos)
      name.replace(at, std::string(ours).size(), theirs);
  return name;
}

/// What llama.cpp's converter makes of a weight.
void add_tensor(GgufModel& model, const Parameter& p, const ModelConfig& c) {
  const bool vector = p.value.shape().rank == 1;
  std::int64_t rows = vector ? 1 : p.value.rows(), columns = p.value.columns();
  std::vector<float> values(p.value.values().begin(), p.value.values().end());
  const std::int64_t count = vector ? columns : rows, width = vector ? 1 : columns;
  const auto reorder = [&](const auto& to) {  // row i goes to row to(i)
    const std::vector<float> old = values;
    for (std::int64_t i = 0; i < count; ++i)
      std::copy_n(old.begin() + i * width, width, values.begin() + to(i) * width);
  };
  const std::int64_t size = c.head_size;
  const bool projection = p.name.find("q_proj") != std::string::npos || p.name.find("k_proj") != std::string::npos;
  if ((c.family == "llama" || c.family == "mistral") && projection)
    reorder([&](std::int64_t i) { return i / size * size + i % size % (size / 2) * 2 + i % size / (size / 2); });
  if (p.name.find("query_key_value") != std::string::npos)
    reorder([&](std::int64_t i) { return (i / size % 3 * c.heads + i / size / 3) * size + i % size; });
  const bool conv1d = c.family == "gpt2" && !vector && p.name.find(".h.") != std::string::npos;
  if (conv1d) {
    const std::vector<float> old = values;
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j)
        values[static_cast<std::size_t>(j * rows + i)] = old[static_cast<std::size_t>(i * columns + j)];
    std::swap(rows, columns);
  }
  model.tensor(gguf_name(p.name), rows, columns, values);
}

GgufModel gguf_of(const Decoder& decoder) {
  const ModelConfig& c = decoder.config();
  const std::map<std::string, std::string> architectures{{"mistral", "llama"}, {"gpt_neox", "gptneox"}};
  GgufModel model(architectures.count(c.family) != 0 ? architectures.at(c.family) : c.family);
  model.integer("embedding_length", c.hidden);
  model.integer("block_count", c.layers);
  model.integer("attention.head_count", c.heads);
  model.integer("attention.head_count_kv", c.kv_heads);
  model.integer("feed_forward_length", c.intermediate);
  model.integer("context_length", c.context);
  model.number(c.norm == NormKind::rms_norm ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon",
               static_cast<float>(c.norm_epsilon));
  if (c.head_size * c.heads != c.hidden) model.integer("attention.key_length", c.head_size);
  if (c.rope_theta) model.number("rope.freq_base", static_cast<float>(*c.rope_theta));
  if (c.rotated > 0) model.integer("rope.dimension_count", c.rotated);
  if (c.family == "gpt_neox") model.flag("use_parallel_residual", c.parallel_residual);
  if (c.window > 0) model.integer("attention.sliding_window", c.window);
  if (c.rope_scaling) {
    std::vector<float> divisors;
    for (std::int64_t i = 0; i < c.head_size / 2; ++i)
      divisors.push_back(rope_frequency(i, c.head_size, *c.rope_theta, std::nullopt) /
                         rope_frequency(i, c.head_size, *c.rope_theta, c.rope_scaling));
    model.tensor("rope_freqs.weight", 1, c.head_size / 2, divisors);
  }
  for (const Parameter* p : decoder.parameters()) add_tensor(model, *p, c);
  return model;
}

std::string loading(const GgufModel& model) {
  const TemporaryFolder folder;
  put(folder / "model.gguf", model.bytes());
  return error_of([&] { Decoder::load(folder / "model.gguf"); });
}

}  // namespace

TEST_CASE("families: hidden states of plain loops") {
  const std::vector<std::int32_t> tokens = some_tokens(30);
  for (const ModelConfig& config : tiny_configs()) {
    INFO(config.family << ", parallel " << config.parallel_residual << ", scaled " << config.rope_scaling.has_value());
    const auto decoder = shaken(config);
    const PlainDecoder::Rows expected = PlainDecoder(*decoder).states(tokens);
    Batch batch;
    batch.add({{5, 4, 3}, {}});
    batch.add({tokens, {}});
    Arena arena(std::size_t{1} << 28);
    Tape tape(arena, false);
    const Hidden hidden = decoder->forward(tape, batch);
    double worst = 0;
    for (std::size_t t = 0; t < tokens.size(); ++t)
      for (std::size_t i = 0; i < expected[t].size(); ++i)
        worst = std::max(worst, std::abs(expected[t][i] - static_cast<double>(hidden.states.value().row(
                                                              static_cast<std::int64_t>(3 + t))[i])));
    CHECK(worst <= 1e-4);
  }
}

TEST_CASE("families: GGUF files hold the same model") {
  for (const ModelConfig& config : tiny_configs()) {
    INFO(config.family << ", scaled " << config.rope_scaling.has_value());
    const auto decoder = shaken(config);
    const TemporaryFolder folder;
    put(folder / "model.gguf", gguf_of(*decoder).bytes());
    const auto loaded = Decoder::load(folder / "model.gguf");
    const ModelConfig& c = loaded->config();
    CHECK(c.family == config.family);
    CHECK(c.window == config.window);
    CHECK(c.rotated == config.rotated);
    CHECK(c.rope_scaling.has_value() == config.rope_scaling.has_value());
    if (c.rope_scaling) CHECK(*c.rope_scaling == *config.rope_scaling);
    CHECK(c.parallel_residual == config.parallel_residual);
    const auto ours = decoder->parameters(), theirs = loaded->parameters();
    REQUIRE(ours.size() == theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
      INFO(ours[i]->name);
      CHECK(ours[i]->name == theirs[i]->name);
      const auto a = ours[i]->value.values(), b = theirs[i]->value.values();
      CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    }
  }
}

TEST_CASE("families: GGUF metadata that no family here has is refused by name") {
  const auto decoder = Decoder::create(tiny_llama(), 1);
  const auto refused = [&](const auto& change, const std::string& part) {
    GgufModel model = gguf_of(*decoder);
    change(model);
    const std::string error = loading(model);
    INFO(error);
    CHECK(contains(error, "unsupported: "));
    CHECK(contains(error, part));
  };
  refused([](GgufModel& m) { m.integer("expert_count", 8); }, "llama.expert_count = 8 is not supported");
  refused([](GgufModel& m) { m.string("rope.scaling.type", "yarn"); }, "llama.rope.scaling.type = \"yarn\"");
  refused([](GgufModel& m) { m.number("logit_scale", 0.5F); }, "llama.logit_scale = 0.5");
  refused([](GgufModel& m) { m.integer("rope.dimension_count", 6); }, "llama.rope.dimension_count = 6");
  refused([](GgufModel& m) { m.flag("attention.causal", false); }, "llama.attention.causal = false");
  refused(
      [](GgufModel& m) {
        m.tensor("rope_freqs.weight", 1, 6, {1, 2, 3, 2, 1, 5});
      },
      "the scaled rotary positions of rope_freqs.weight are not those of Llama 3");
  refused([](GgufModel& m) { m.tensor("blk.0.attn_q.bias", 1, 48, std::vector<float>(48)); }, "blk.0.attn_q.bias");
}

TEST_CASE("families: weights for question answering are saved as the class of Transformers names them") {
  const std::map<std::string, std::string> prefixes{{"gpt2", "transformer."},  {"llama", "transformer."},
                                                    {"qwen2", "transformer."}, {"qwen3", "transformer."},
                                                    {"mistral", "model."},     {"gpt_neox", "gpt_neox."}};
  for (const ModelConfig& config : tiny_configs()) {
    INFO(config.family);
    const TemporaryFolder folder;
    const auto decoder = shaken(config);
    save_model(*decoder, {}, folder.path(), "ForQuestionAnswering");
    const std::string bytes = get(folder / "model.safetensors");
    CHECK(contains(bytes, "\"" + prefixes.at(config.family)));
    CHECK(contains(bytes, "\"model.") == (config.family == "mistral"));
    const auto loaded = Decoder::load(folder.path());
    const auto a = decoder->parameters(), b = loaded->parameters();
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
      CHECK(std::equal(a[i]->value.values().begin(), a[i]->value.values().end(), b[i]->value.data()));
    decoder->add_lora({2, 4, 0, {}}, 1);
    save_adapter(*decoder, {}, folder.path(), "base", "QUESTION_ANS");
    CHECK(contains(get(folder / "adapter_model.safetensors"), "base_model.model." + prefixes.at(config.family)));
    load_adapter(*loaded, folder.path());
  }
}
