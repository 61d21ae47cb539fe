// GPT-2 (Radford et al., 2019): learned positions, layer norm before each part, GELU, weights as [inputs, outputs].
#include "gpt/core/error.h"
#include "model/config_reader.h"
#include "model/families.h"
#include "model/gguf_config.h"

namespace gpt {
namespace {

class Gpt2 final : public Family {
 public:
  std::string_view model_type() const override { return "gpt2"; }
  std::string_view gguf_architecture() const override { return "gpt2"; }
  bool transposed_weights() const override { return true; }
  std::string_view prefix() const override { return "transformer."; }

  std::string class_name(std::string_view architecture) const override {
    if (architecture == "ForCausalLM") return "GPT2LMHeadModel";
    if (architecture == "ForQuestionAnswering") return "GPT2ForQuestionAnswering";
    return "GPT2ForSequenceClassification";
  }

  ModelConfig from_json(const nlohmann::json& json, std::string_view where) const override {
    const ConfigReader read(json, where);
    read.only("add_cross_attention", {false});
    read.only("scale_attn_weights", {true});
    read.only("scale_attn_by_inverse_layer_idx", {false});
    ModelConfig c;
    c.family = "gpt2";
    c.mlp = read.gelu_or("activation_function", MlpKind::gelu_tanh);
    c.vocabulary = read.size("vocab_size");
    c.hidden = read.size("n_embd");
    c.layers = read.size("n_layer");
    c.heads = c.kv_heads = read.size("n_head");
    c.head_size = c.hidden / c.heads;
    c.intermediate = read.size_or("n_inner", 4 * c.hidden);
    c.context = read.size_or("n_positions", 1024);
    c.norm_epsilon = read.number_or("layer_norm_epsilon", 1e-5);
    c.learned_positions = true;
    c.tied_embeddings = read.flag_or("tie_word_embeddings", true);
    c.embedding_dropout = read.number_or("embd_pdrop", 0.1);
    c.residual_dropout = read.number_or("resid_pdrop", 0.1);
    c.attention_dropout = read.number_or("attn_pdrop", 0.1);
    read.common(c);
    read.refuse_unknown();
    return c;
  }

  nlohmann::ordered_json to_json(const ModelConfig& c) const override {
    return {{"activation_function", gelu_name(c.mlp)},
            {"attn_pdrop", c.attention_dropout},
            {"embd_pdrop", c.embedding_dropout},
            {"initializer_range", c.initializer_range},
            {"layer_norm_epsilon", c.norm_epsilon},
            {"n_ctx", c.context},
            {"n_embd", c.hidden},
            {"n_head", c.heads},
            {"n_inner", c.intermediate},
            {"n_layer", c.layers},
            {"n_positions", c.context},
            {"resid_pdrop", c.residual_dropout},
            {"scale_attn_weights", true},
            {"tie_word_embeddings", c.tied_embeddings},
            {"vocab_size", c.vocabulary}};
  }

  ModelConfig from_gguf(const GgufFile& file) const override {
    ModelConfig c;
    c.family = "gpt2";
    refuse_gguf_variants(file);
    read_gguf_sizes(file, c);
    c.intermediate = gguf_size_or(file, "feed_forward_length", 4 * c.hidden);
    c.norm_epsilon = gguf_number_or(file, "attention.layer_norm_epsilon", 1e-5);
    c.learned_positions = true;
    return c;
  }

  TensorName token_embedding() const override {
    return {"transformer.wte.weight", "token_embd.weight", GgufForm::same};
  }
  TensorName position_embedding() const override {
    return {"transformer.wpe.weight", "position_embd.weight", GgufForm::same};
  }
  NormName final_norm() const override { return norm("transformer.ln_f", "output_norm"); }

  BlockNames block(const ModelConfig& c, std::int64_t index) const override {
    const std::string ours = fmt::format("transformer.h.{}.", index), gguf = fmt::format("blk.{}.", index);
    const auto projection = [&](const char* path, const char* module, const char* in_gguf, std::int64_t outputs) {
      return ProjectionName{module,
                            {ours + path + "." + module + ".weight", gguf + in_gguf + ".weight", GgufForm::transposed},
                            {ours + path + "." + module + ".bias", gguf + in_gguf + ".bias", GgufForm::same},
                            outputs};
    };
    return {norm(ours + "ln_1", gguf + "attn_norm"),
            norm(ours + "ln_2", gguf + "ffn_norm"),
            {},
            {},
            {projection("attn", "c_attn", "attn_qkv", 3 * c.hidden)},
            projection("attn", "c_proj", "attn_output", c.hidden),
            {projection("mlp", "c_fc", "ffn_up", c.intermediate)},
            projection("mlp", "c_proj", "ffn_down", c.hidden)};
  }

 private:
  static NormName norm(const std::string& ours, const std::string& gguf) {
    return {{ours + ".weight", gguf + ".weight", GgufForm::same}, {ours + ".bias", gguf + ".bias", GgufForm::same}};
  }
};

}  // namespace

const Family& gpt2_family() {
  static const Gpt2 instance;
  return instance;
}

}  // namespace gpt
