// What Llama, Qwen and Mistral share: root-mean-square norms, gated SiLU, rotary positions, grouped key-value heads,
// and nearly all names.
#pragma once

#include "model/config_reader.h"
#include "model/families.h"

namespace gpt {

class LlamaKind : public Family {
 public:
  std::string class_name(std::string_view architecture) const override;
  std::string_view prefix() const override { return "model."; }
  /// Transformers' generic ForQuestionAnswering calls the decoder so.
  std::string_view prefix(std::string_view architecture) const override {
    return architecture == "ForQuestionAnswering" ? "transformer." : prefix();
  }

  ModelConfig from_json(const nlohmann::json& json, std::string_view where) const override;
  nlohmann::ordered_json to_json(const ModelConfig& config) const override;
  ModelConfig from_gguf(const GgufFile& file) const override;

  TensorName token_embedding() const override;
  NormName final_norm() const override;
  BlockNames block(const ModelConfig& config, std::int64_t index) const override;

 protected:
  virtual std::string_view class_prefix() const = 0;  ///< "Llama"
  /// Transformers' defaults for settings that a file leaves out.
  struct Defaults {
    std::int64_t kv_heads = 0, head_size = 0, context = 0;  ///< 0: as many as heads, hidden / heads
  };
  virtual Defaults defaults() const = 0;
  virtual bool query_key_value_bias() const { return false; }
  /// The family's own settings: asks for them, refuses what is not supported.
  virtual void read_own(const ConfigReader&, ModelConfig&) const {}
  virtual void write_own(const ModelConfig&, nlohmann::ordered_json&) const {}
  virtual void read_own(const GgufFile&, ModelConfig&) const {}
  /// llama.cpp's order of rotary rows: pairs side by side (Llama, Mistral), or as Transformers has them (Qwen).
  virtual bool permuted_in_gguf() const { return false; }
};

/// Qwen's settings of windows, all of them off: every layer attends to everything before it. Error unsupported else.
void read_qwen_attention(const ConfigReader& read);
void write_qwen_attention(const ModelConfig& config, nlohmann::ordered_json& json);

}  // namespace gpt
