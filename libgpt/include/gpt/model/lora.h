// LoRA adapters (Hu et al., 2021): y = x W' + alpha / rank * (x A') B', A and B trained, W frozen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gpt {

class Decoder;
class Head;

struct LoraOptions {
  std::int64_t rank = 8;
  double alpha = 16;
  double dropout = 0;
  /// Names as PEFT matches them ("q_proj", "c_attn", ...); empty or {"all-linear"}: every projection of the blocks.
  std::vector<std::string> targets = {};
};

/// Reads a PEFT folder (adapter_config.json, adapter_model.safetensors) onto its base; a trained head among its
/// modules_to_save goes into `head` where given. Errors: unsupported (an adapter kind or setting, by name), mismatch.
void load_adapter(Decoder& decoder, const std::filesystem::path& folder, Head* head = nullptr);
/// Writes the same (adapter_config.json, adapter_model.safetensors), as PEFT reads it.
void save_adapter(Decoder& decoder, Head* head, const std::filesystem::path& folder, const std::string& base_model, const std::string& task_type);

/// Writes config.json (with `extra` merged in: architectures, id2label, ...) and model.safetensors for Transformers; head may be null.
void save_model(Decoder& decoder, Head* head, const std::filesystem::path& folder, const std::string& config_extra_json);
/// Reads a head's weights from a folder that save_model wrote (score.weight beside the decoder's tensors).
void load_head(Head& head, const std::filesystem::path& folder);

}  // namespace gpt
