// What a path to a model leads to: its configuration and its weights, not read yet.
#pragma once

#include <filesystem>
#include <memory>

#include "gpt/io/weight_source.h"
#include "gpt/model/config.h"

namespace gpt {

struct ModelSource {
  ModelConfig config;  ///< checked
  std::shared_ptr<const WeightSource> weights;
  bool gguf = false;  ///< names and forms of llama.cpp
};

/// See Decoder::load.
ModelSource open_model(const std::filesystem::path& path);

}  // namespace gpt
