// Qwen2 and Qwen2.5 (Yang et al., 2024): Llama with biases on queries, keys and values.
#include "model/llama_kind.h"

namespace gpt {
namespace {

class Qwen2 final : public LlamaKind {
 public:
  std::string_view model_type() const override { return "qwen2"; }
  std::string_view gguf_architecture() const override { return "qwen2"; }

 protected:
  std::string_view class_prefix() const override { return "Qwen2"; }
  Defaults defaults() const override { return {32, 0, 32768}; }
  bool query_key_value_bias() const override { return true; }
  void read_own(const ConfigReader& read, ModelConfig&) const override { read_qwen_attention(read); }
  void write_own(const ModelConfig& c, nlohmann::ordered_json& json) const override { write_qwen_attention(c, json); }
};

}  // namespace

const Family& qwen2_family() {
  static const Qwen2 instance;
  return instance;
}

}  // namespace gpt
