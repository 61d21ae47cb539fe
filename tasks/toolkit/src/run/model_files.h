// The model part of a run folder: weights or adapter, config.json, tokenizer files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "gpt/io/weight_source.h"
#include "gpt/model/decoder.h"
#include "gpt/plugin/task.h"
#include "gpt/text/tokenizer.h"

namespace gptask {

/// An id for config.json's pad_token_id. Transformers pools at the last token that is not the pad, so it must be one
/// that no input ends with: the tokenizer's pad or another special token where that holds, else the lowest id that ends
/// no example.
std::int32_t choose_pad(const gpt::Tokenizer& tokenizer, const gpt::TaskData& data);

struct ModelFiles {
  gpt::Decoder& decoder;
  gpt::Head& head;
  const gpt::Task& task;
  const gpt::Tokenizer& tokenizer;
  std::int32_t pad = 0;
  std::string base_path;  ///< of an adapter
};

/// With adapters on the decoder: adapter_config.json and adapter_model.safetensors; else model.safetensors, of this
/// type. And the rest.
void write_model(const ModelFiles& files, const std::filesystem::path& folder,
                 gpt::StoredType type = gpt::StoredType::f32);

}  // namespace gptask
