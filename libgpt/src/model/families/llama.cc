// Llama (Touvron et al., 2023), SmolLM2: rotary positions, root-mean-square norm, gated SiLU, grouped key-value heads.
#include "gpt/core/error.h"
#include "model/families.h"

namespace gpt {
namespace {

class Llama final : public Family {
 public:
  std::string_view model_type() const override { return "llama"; }
  std::string_view gguf_architecture() const override { return "llama"; }

  std::string_view class_name(std::string_view architecture) const override {
    if (architecture == "ForCausalLM") return "LlamaForCausalLM";
    if (architecture == "ForQuestionAnswering") return "LlamaForQuestionAnswering";
    return "LlamaForSequenceClassification";
  }

  ModelConfig from_json(const nlohmann::json& json, std::string_view where) const override {
    const ConfigReader read(json, where);
    read.only("hidden_act", {"silu"});
    read.only("attention_bias", {false});
    read.only("mlp_bias", {false});
    read.only("rope_scaling", {nullptr});
    ModelConfig c;
    c.family = "llama";
    c.vocabulary = read.size("vocab_size");
    c.hidden = read.size("hidden_size");
    c.layers = read.size("num_hidden_layers");
    c.heads = read.size("num_attention_heads");
    c.kv_heads = read.size_or("num_key_value_heads", c.heads);
    c.head_size = read.size_or("head_dim", c.hidden / c.heads);
    c.intermediate = read.size("intermediate_size");
    c.context = read.size_or("max_position_embeddings", 2048);
    c.norm = NormKind::rms_norm;
    c.norm_epsilon = read.number_or("rms_norm_eps", 1e-6);
    c.mlp = MlpKind::silu_gated;
    c.rope_theta = rope_theta(read, where);
    c.tied_embeddings = read.flag_or("tie_word_embeddings", false);
    c.attention_dropout = read.number_or("attention_dropout", 0.0);
    read.common(c);
    return c;
  }

  nlohmann::ordered_json to_json(const ModelConfig& c) const override {
    const double theta = c.rope_theta.value_or(10000.0);
    return {{"attention_bias", false},
            {"attention_dropout", c.attention_dropout},
            {"head_dim", c.head_size},
            {"hidden_act", "silu"},
            {"hidden_size", c.hidden},
            {"initializer_range", c.initializer_range},
            {"intermediate_size", c.intermediate},
            {"max_position_embeddings", c.context},
            {"mlp_bias", false},
            {"num_attention_heads", c.heads},
            {"num_hidden_layers", c.layers},
            {"num_key_value_heads", c.kv_heads},
            {"rms_norm_eps", c.norm_epsilon},
            {"rope_theta", theta},
            {"rope_parameters", {{"rope_theta", theta}, {"rope_type", "default"}}},
            {"tie_word_embeddings", c.tied_embeddings},
            {"vocab_size", c.vocabulary}};
  }

  ModelConfig from_gguf(const GgufFile& file) const override {
    if (file.find("rope_freqs.weight") != nullptr)
      fail(ErrorCode::unsupported, "{}: scaled rotary positions (rope_freqs.weight) are not supported",
           file.path().string());
    ModelConfig c;
    c.family = "llama";
    read_gguf_vocabulary(file, c);
    c.hidden = gguf_size(file, "embedding_length");
    c.layers = gguf_size(file, "block_count");
    c.heads = gguf_size(file, "attention.head_count");
    c.kv_heads = gguf_size_or(file, "attention.head_count_kv", c.heads);
    c.head_size = gguf_size_or(file, "attention.key_length", c.hidden / c.heads);
    c.intermediate = gguf_size(file, "feed_forward_length");
    c.context = gguf_size(file, "context_length");
    c.norm = NormKind::rms_norm;
    c.norm_epsilon = gguf_number_or(file, "attention.layer_norm_rms_epsilon", 1e-6);
    c.mlp = MlpKind::silu_gated;
    c.rope_theta = gguf_number_or(file, "rope.freq_base", 10000.0);
    return c;
  }

  TensorName token_embedding() const override {
    return {"model.embed_tokens.weight", "token_embd.weight", GgufForm::same};
  }
  NormName final_norm() const override { return norm("model.norm", "output_norm"); }

  BlockNames block(const ModelConfig& c, std::int64_t index) const override {
    const std::string ours = fmt::format("model.layers.{}.", index), gguf = fmt::format("blk.{}.", index);
    const auto projection = [&](const char* path, const char* module, const char* in_gguf, std::int64_t outputs,
                                GgufForm form = GgufForm::same) {
      return ProjectionName{
          module, {ours + path + "." + module + ".weight", gguf + in_gguf + ".weight", form}, {}, outputs};
    };
    const std::int64_t queries = c.heads * c.head_size, keys = c.kv_heads * c.head_size;
    return {norm(ours + "input_layernorm", gguf + "attn_norm"),
            norm(ours + "post_attention_layernorm", gguf + "ffn_norm"),
            {projection("self_attn", "q_proj", "attn_q", queries, GgufForm::permuted_query),
             projection("self_attn", "k_proj", "attn_k", keys, GgufForm::permuted_key),
             projection("self_attn", "v_proj", "attn_v", keys)},
            projection("self_attn", "o_proj", "attn_output", c.hidden),
            {projection("mlp", "gate_proj", "ffn_gate", c.intermediate),
             projection("mlp", "up_proj", "ffn_up", c.intermediate)},
            projection("mlp", "down_proj", "ffn_down", c.hidden)};
  }

 private:
  static NormName norm(const std::string& ours, const std::string& gguf) {
    return {{ours + ".weight", gguf + ".weight", GgufForm::same}, {}};
  }

  /// Version 5 writes rope_parameters, version 4 rope_theta.
  static double rope_theta(const ConfigReader& read, std::string_view where) {
    if (!read.has("rope_parameters")) return read.number_or("rope_theta", 10000.0);
    const std::string inner = fmt::format("{}: rope_parameters", where);
    const ConfigReader rope(read.json().at("rope_parameters"), inner);
    rope.only("rope_type", {"default"});
    return rope.number_or("rope_theta", 10000.0);
  }
};

}  // namespace

const Family& llama_family() {
  static const Llama instance;
  return instance;
}

}  // namespace gpt
