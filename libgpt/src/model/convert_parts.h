// What both directions of conversion share.
#pragma once

#include <filesystem>
#include <string_view>

#include "gpt/io/tensor_to_write.h"
#include "model/source.h"

namespace gpt {

/// open_model, which refuses an adapter's folder and says how to merge it.
ModelSource open_whole_model(const std::filesystem::path& path);

/// Masks and frequencies that older files keep beside the weights.
bool is_buffer(std::string_view name);

/// Whether a tokenizer stands beside (or in) the model.
bool has_tokenizer(const std::filesystem::path& model, const ModelSource& source);

}  // namespace gpt
