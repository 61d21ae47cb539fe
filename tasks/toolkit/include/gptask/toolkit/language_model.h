// A model that writes: decoder, tokenizer and how its author wants it to be used.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gpt/generate/options.h"
#include "gpt/model/decoder.h"
#include "gpt/tensor/parallel.h"
#include "gpt/text/tokenizer.h"
#include "gptask/toolkit/memory.h"

namespace gptask {

struct LanguageModel {
  std::filesystem::path path;                       ///< what was named
  std::unique_ptr<gpt::Decoder> decoder;            ///< adapters folded in
  std::shared_ptr<const gpt::Tokenizer> tokenizer;  ///< null where the files have none
  gpt::GenerateOptions options;                     ///< `defaults` with what generation_config.json says
  MemoryMeter meter;

  /// The tokenizer. Error not_found where there is none.
  const gpt::Tokenizer& needs_tokenizer() const;
  /// What the process holds, with `work` bytes more for keys, values and activations.
  MemoryEstimate memory(std::int64_t work) const;
};

/// A GGUF file, a Hugging Face folder, a folder that finetune wrote, or a PEFT adapter, whose base is looked for where
/// gptask.json or adapter_config.json says, beside the adapter, and in model_folders(). Errors: not_found, and what
/// reading weights, tokenizer and generation_config.json throws.
/// The weights are held in this precision; where the machine has no bfloat16 products, in float32 (log_warning).
LanguageModel load_language_model(const std::string& name, gpt::Threads& threads,
                                  const gpt::GenerateOptions& defaults = {},
                                  gpt::Precision precision = gpt::Precision::float32);

}  // namespace gptask
