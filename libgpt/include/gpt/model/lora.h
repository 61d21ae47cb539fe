// LoRA adapters (Hu et al., 2021): y = x W' + alpha / rank * (x A') B', A and B trained, W frozen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace gpt {

class Decoder;
struct Parameter;

struct LoraOptions {
  std::int64_t rank = 8;
  double alpha = 16;
  double dropout = 0;
  /// Names as PEFT matches them ("q_proj", "c_attn", ...); empty or {"all-linear"}: every projection of the blocks.
  std::vector<std::string> targets = {};
};

/// Reads a PEFT folder (adapter_config.json, adapter_model.safetensors) onto its base; trained head weights among its
/// modules_to_save go into `head` by name; a token embedding among them
/// replaces the base's, and may have more rows. Errors: unsupported (an adapter kind or setting, by name), mismatch.
void load_adapter(Decoder& decoder, const std::filesystem::path& folder, std::span<Parameter* const> head = {});
/// Writes the same two files, as PEFT reads them. task_type: "SEQ_CLS", "CAUSAL_LM", ...
void save_adapter(const Decoder& decoder, std::span<Parameter* const> head, const std::filesystem::path& folder,
                  const std::string& base_model, const std::string& task_type);

}  // namespace gpt
