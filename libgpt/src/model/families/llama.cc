// Llama (Touvron et al., 2023), Llama 3 with its scaled rotary positions, SmolLM2.
#include "model/gguf_config.h"
#include "model/llama_kind.h"

namespace gpt {
namespace {

class Llama final : public LlamaKind {
 public:
  std::string_view model_type() const override { return "llama"; }
  std::string_view gguf_architecture() const override { return "llama"; }

 protected:
  std::string_view class_prefix() const override { return "Llama"; }
  Defaults defaults() const override { return {0, 0, 2048}; }
  bool permuted_in_gguf() const override { return true; }

  void read_own(const ConfigReader& read, ModelConfig&) const override {
    read.only("attention_bias", {false});
    read.only("mlp_bias", {false});
  }
  void write_own(const ModelConfig&, nlohmann::ordered_json& json) const override {
    json["attention_bias"] = false;
    json["mlp_bias"] = false;
  }
  /// llama.cpp has no architecture of its own for Mistral: the window tells.
  void read_own(const GgufFile& file, ModelConfig& c) const override {
    c.window = gguf_size_or(file, "attention.sliding_window", 0);
    if (c.window > 0) c.family = "mistral";
  }
};

}  // namespace

const Family& llama_family() {
  static const Llama instance;
  return instance;
}

}  // namespace gpt
