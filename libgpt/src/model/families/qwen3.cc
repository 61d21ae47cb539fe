// Qwen3 (Yang et al., 2025): Llama with a norm on each head of the queries and keys.
#include "model/llama_kind.h"

namespace gpt {
namespace {

class Qwen3 final : public LlamaKind {
 public:
  std::string_view model_type() const override { return "qwen3"; }
  std::string_view gguf_architecture() const override { return "qwen3"; }

 protected:
  std::string_view class_prefix() const override { return "Qwen3"; }
  Defaults defaults() const override { return {32, 128, 32768}; }

  void read_own(const ConfigReader& read, ModelConfig& c) const override {
    read.only("attention_bias", {false});
    read_qwen_attention(read);
    c.query_key_norm = true;
  }
  void write_own(const ModelConfig& c, nlohmann::ordered_json& json) const override {
    json["attention_bias"] = false;
    write_qwen_attention(c, json);
  }
  void read_own(const GgufFile&, ModelConfig& c) const override { c.query_key_norm = true; }
};

}  // namespace

const Family& qwen3_family() {
  static const Qwen3 instance;
  return instance;
}

}  // namespace gpt
