#include "model/llama_kind.h"

#include "gpt/core/error.h"
#include "model/gguf_config.h"
#include "model/rope_config.h"

namespace gpt {
namespace {

NormName norm(const std::string& ours, const std::string& gguf) {
  return {{ours + ".weight", gguf + ".weight", GgufForm::same}, {}};
}

}  // namespace

std::string LlamaKind::class_name(std::string_view architecture) const {
  return std::string(class_prefix()).append(architecture);
}

ModelConfig LlamaKind::from_json(const nlohmann::json& json, std::string_view where) const {
  const ConfigReader read(json, where);
  const Defaults otherwise = defaults();
  read.only("hidden_act", {"silu", "swish"});
  ModelConfig c;
  c.family = model_type();
  c.vocabulary = read.size("vocab_size");
  c.hidden = read.size("hidden_size");
  c.layers = read.size("num_hidden_layers");
  c.heads = read.size("num_attention_heads");
  const bool heads_alike = otherwise.kv_heads == 0 || read.contains("num_key_value_heads");
  c.kv_heads = read.size_or("num_key_value_heads", heads_alike ? c.heads : otherwise.kv_heads);
  const bool divided = otherwise.head_size == 0 || read.contains("head_dim");
  c.head_size = read.size_or("head_dim", divided ? c.hidden / c.heads : otherwise.head_size);
  c.intermediate = read.size("intermediate_size");
  c.context = read.size_or("max_position_embeddings", otherwise.context);
  c.norm = NormKind::rms_norm;
  c.norm_epsilon = read.number_or("rms_norm_eps", 1e-6);
  c.mlp = MlpKind::silu_gated;
  read_rope(read, c);
  c.tied_embeddings = read.flag_or("tie_word_embeddings", false);
  c.attention_dropout = read.number_or("attention_dropout", 0.0);
  read.common(c);
  read_own(read, c);
  read.refuse_unknown();
  return c;
}

nlohmann::ordered_json LlamaKind::to_json(const ModelConfig& c) const {
  nlohmann::ordered_json json{{"attention_dropout", c.attention_dropout},
                              {"head_dim", c.head_size},
                              {"hidden_act", "silu"},
                              {"hidden_size", c.hidden},
                              {"initializer_range", c.initializer_range},
                              {"intermediate_size", c.intermediate},
                              {"max_position_embeddings", c.context},
                              {"num_attention_heads", c.heads},
                              {"num_hidden_layers", c.layers},
                              {"num_key_value_heads", c.kv_heads},
                              {"rms_norm_eps", c.norm_epsilon},
                              {"tie_word_embeddings", c.tied_embeddings},
                              {"vocab_size", c.vocabulary}};
  write_rope(c, json);
  write_own(c, json);
  return json;
}

ModelConfig LlamaKind::from_gguf(const GgufFile& file) const {
  refuse_gguf_variants(file);
  ModelConfig c;
  c.family = model_type();
  read_gguf_sizes(file, c);
  c.intermediate = gguf_size(file, "feed_forward_length");
  c.norm = NormKind::rms_norm;
  c.norm_epsilon = gguf_number_or(file, "attention.layer_norm_rms_epsilon", 1e-6);
  c.mlp = MlpKind::silu_gated;
  c.rope_theta = gguf_number_or(file, "rope.freq_base", 10000.0);
  c.rope_scaling = read_gguf_rope_scaling(file, c);
  for (const char* key : {"rope.dimension_count", "attention.value_length"})
    if (const std::int64_t size = gguf_size_or(file, key, c.head_size); size != c.head_size)
      fail(ErrorCode::unsupported, "{}: {} = {} is not supported for heads of {}", file.path().string(),
           gguf_key(file, key), size, c.head_size);
  read_own(file, c);
  return c;
}

void read_qwen_attention(const ConfigReader& read) {
  read.only("use_sliding_window", {false});
  read.contains("sliding_window");  // without effect where it is not used
  if (!read.has("layer_types")) return;
  for (const nlohmann::json& type : read.json().at("layer_types"))
    if (type != "full_attention")
      fail(ErrorCode::unsupported, "{}: layer_types has {}, only \"full_attention\" is supported", read.where(),
           type.dump());
}

void write_qwen_attention(const ModelConfig& c, nlohmann::ordered_json& json) {
  json["layer_types"] = std::vector<std::string>(static_cast<std::size_t>(c.layers), "full_attention");
  json["max_window_layers"] = c.layers;
  json["sliding_window"] = nullptr;
  json["use_sliding_window"] = false;
}

TensorName LlamaKind::token_embedding() const {
  return {"model.embed_tokens.weight", "token_embd.weight", GgufForm::same};
}

NormName LlamaKind::final_norm() const { return norm("model.norm", "output_norm"); }

BlockNames LlamaKind::block(const ModelConfig& c, std::int64_t index) const {
  const std::string ours = fmt::format("model.layers.{}.", index), gguf = fmt::format("blk.{}.", index);
  const auto projection = [&](const std::string& path, const std::string& module, const std::string& in_gguf,
                              std::int64_t outputs, bool bias = false, GgufForm form = GgufForm::same) {
    const std::string name = ours + path + "." + module, other = gguf + in_gguf;
    return ProjectionName{module,
                          {name + ".weight", other + ".weight", form},
                          bias ? TensorName{name + ".bias", other + ".bias", form} : TensorName{},
                          outputs};
  };
  const GgufForm rotary = permuted_in_gguf() ? GgufForm::permuted : GgufForm::same;
  const std::int64_t queries = c.heads * c.head_size, keys = c.kv_heads * c.head_size;
  const bool bias = query_key_value_bias();
  BlockNames names{norm(ours + "input_layernorm", gguf + "attn_norm"),
                   norm(ours + "post_attention_layernorm", gguf + "ffn_norm"),
                   {},
                   {},
                   {projection("self_attn", "q_proj", "attn_q", queries, bias, rotary),
                    projection("self_attn", "k_proj", "attn_k", keys, bias, rotary),
                    projection("self_attn", "v_proj", "attn_v", keys, bias)},
                   projection("self_attn", "o_proj", "attn_output", c.hidden),
                   {projection("mlp", "gate_proj", "ffn_gate", c.intermediate),
                    projection("mlp", "up_proj", "ffn_up", c.intermediate)},
                   projection("mlp", "down_proj", "ffn_down", c.hidden)};
  if (c.query_key_norm) {
    names.query_norm = norm(ours + "self_attn.q_norm", gguf + "attn_q_norm");
    names.key_norm = norm(ours + "self_attn.k_norm", gguf + "attn_k_norm");
  }
  return names;
}

}  // namespace gpt
