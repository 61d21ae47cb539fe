// What a decoder holds; shared by the files of this folder that read and write models.
#pragma once

#include <optional>

#include "gpt/model/decoder.h"
#include "gpt/model/lora.h"
#include "gpt/ops/attention.h"
#include "model/weights.h"

namespace gpt {

struct Decoder::Impl {
  ModelConfig config;
  std::unique_ptr<Weights> weights;
  RopeTable rope;
  std::optional<LoraOptions> lora;
  std::optional<std::int64_t> first_new_token;
  bool checkpointing = false;
};

}  // namespace gpt
