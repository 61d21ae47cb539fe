// GPT-NeoX (Black et al., 2022), Pythia: rotary positions on a part of each head, attention and MLP side by side, GELU,
// each head's query, key and value together.
#include "gpt/core/error.h"
#include "model/config_reader.h"
#include "model/families.h"
#include "model/gguf_config.h"
#include "model/rope_config.h"

namespace gpt {
namespace {

constexpr RopeKeys kRopeKeys{"rotary_emb_base", "rotary_pct", 0.25};

class GptNeox final : public Family {
 public:
  std::string_view model_type() const override { return "gpt_neox"; }
  std::string_view gguf_architecture() const override { return "gptneox"; }
  std::string_view prefix() const override { return "gpt_neox."; }

  std::string class_name(std::string_view architecture) const override {
    if (architecture == "ForCausalLM") return "GPTNeoXForCausalLM";
    if (architecture == "ForQuestionAnswering") return "GPTNeoXForQuestionAnswering";
    return "GPTNeoXForSequenceClassification";
  }

  ModelConfig from_json(const nlohmann::json& json, std::string_view where) const override {
    const ConfigReader read(json, where);
    read.only("attention_bias", {true});
    ModelConfig c = shape();
    c.mlp = read.gelu_or("hidden_act", MlpKind::gelu_erf);
    c.vocabulary = read.size("vocab_size");
    c.hidden = read.size("hidden_size");
    c.layers = read.size("num_hidden_layers");
    c.heads = c.kv_heads = read.size("num_attention_heads");
    c.head_size = c.hidden / c.heads;
    c.intermediate = read.size("intermediate_size");
    c.context = read.size_or("max_position_embeddings", 2048);
    c.norm_epsilon = read.number_or("layer_norm_eps", 1e-5);
    c.parallel_residual = read.flag_or("use_parallel_residual", true);
    c.tied_embeddings = read.flag_or("tie_word_embeddings", false);
    c.embedding_dropout = c.residual_dropout = read.number_or("hidden_dropout", 0.0);
    c.attention_dropout = read.number_or("attention_dropout", 0.0);
    read_rope(read, c, kRopeKeys);
    read.common(c);
    read.refuse_unknown();
    return c;
  }

  nlohmann::ordered_json to_json(const ModelConfig& c) const override {
    nlohmann::ordered_json json{{"attention_bias", true},
                                {"attention_dropout", c.attention_dropout},
                                {"hidden_act", gelu_name(c.mlp)},
                                {"hidden_dropout", c.residual_dropout},
                                {"hidden_size", c.hidden},
                                {"initializer_range", c.initializer_range},
                                {"intermediate_size", c.intermediate},
                                {"layer_norm_eps", c.norm_epsilon},
                                {"max_position_embeddings", c.context},
                                {"num_attention_heads", c.heads},
                                {"num_hidden_layers", c.layers},
                                {"tie_word_embeddings", c.tied_embeddings},
                                {"use_parallel_residual", c.parallel_residual},
                                {"vocab_size", c.vocabulary}};
    write_rope(c, json, kRopeKeys);
    return json;
  }

  ModelConfig from_gguf(const GgufFile& file) const override {
    refuse_gguf_variants(file);
    ModelConfig c = shape();
    read_gguf_sizes(file, c);
    c.intermediate = gguf_size(file, "feed_forward_length");
    c.norm_epsilon = gguf_number_or(file, "attention.layer_norm_epsilon", 1e-5);
    c.parallel_residual = gguf_flag_or(file, "use_parallel_residual", true);
    c.rope_theta = gguf_number_or(file, "rope.freq_base", 10000.0);
    const std::int64_t rotated = gguf_size_or(file, "rope.dimension_count", c.head_size);
    c.rotated = rotated == c.head_size ? 0 : rotated;
    return c;
  }

  TensorName token_embedding() const override { return {"gpt_neox.embed_in.weight", "token_embd.weight"}; }
  TensorName output_projection() const override { return {"embed_out.weight", "output.weight"}; }
  NormName final_norm() const override { return norm("gpt_neox.final_layer_norm", "output_norm"); }

  BlockNames block(const ModelConfig& c, std::int64_t index) const override {
    const std::string ours = fmt::format("gpt_neox.layers.{}.", index), gguf = fmt::format("blk.{}.", index);
    const auto projection = [&](const std::string& path, const std::string& module, const std::string& in_gguf,
                                std::int64_t outputs, GgufForm form = GgufForm::same) {
      const std::string name = ours + path + "." + module, other = gguf + in_gguf;
      return ProjectionName{
          module, {name + ".weight", other + ".weight", form}, {name + ".bias", other + ".bias", form}, outputs};
    };
    return {norm(ours + "input_layernorm", gguf + "attn_norm"),
            norm(ours + "post_attention_layernorm", gguf + "ffn_norm"),
            {},
            {},
            {projection("attention", "query_key_value", "attn_qkv", 3 * c.hidden, GgufForm::regrouped)},
            projection("attention", "dense", "attn_output", c.hidden),
            {projection("mlp", "dense_h_to_4h", "ffn_up", c.intermediate)},
            projection("mlp", "dense_4h_to_h", "ffn_down", c.hidden)};
  }

 private:
  static ModelConfig shape() {
    ModelConfig c;
    c.family = "gpt_neox";
    c.mlp = MlpKind::gelu_erf;
    c.interleaved_heads = true;
    return c;
  }

  static NormName norm(const std::string& ours, const std::string& gguf) {
    return {{ours + ".weight", gguf + ".weight"}, {ours + ".bias", gguf + ".bias"}};
  }
};

}  // namespace

const Family& gpt_neox_family() {
  static const GptNeox instance;
  return instance;
}

}  // namespace gpt
