// Mistral (Jiang et al., 2023): Llama whose tokens see the last `sliding_window` keys only.
#include "model/llama_kind.h"

namespace gpt {
namespace {

class Mistral final : public LlamaKind {
 public:
  std::string_view model_type() const override { return "mistral"; }
  /// llama.cpp has one architecture for both; a file with a window is this one (see llama.cc).
  std::string_view gguf_architecture() const override { return "llama"; }
  std::string_view prefix(std::string_view) const override { return "model."; }

 protected:
  std::string_view class_prefix() const override { return "Mistral"; }
  Defaults defaults() const override { return {8, 0, 131072}; }
  bool permuted_in_gguf() const override { return true; }

  void read_own(const ConfigReader& read, ModelConfig& c) const override {
    read.only("attention_bias", {false});
    c.window = read.size_or("sliding_window", read.contains("sliding_window") ? 0 : 4096);
  }
  void write_own(const ModelConfig& c, nlohmann::ordered_json& json) const override {
    json["sliding_window"] = c.window > 0 ? nlohmann::ordered_json(c.window) : nlohmann::ordered_json();
  }
};

}  // namespace

const Family& mistral_family() {
  static const Mistral instance;
  return instance;
}

}  // namespace gpt
