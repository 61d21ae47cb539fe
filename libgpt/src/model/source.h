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
  /// Float32 weights are used where they lie: most of the file is float32. Else its widened rest would stay in memory
  /// beside its copies.
  bool in_place = true;
};

/// See Decoder::load.
ModelSource open_model(const std::filesystem::path& path);

}  // namespace gpt
