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

/// float32, bfloat16 or float16. Error invalid_option for another type.
const char* dtype_name(StoredType type);

/// In both spellings, of Transformers 5 and 4.
template <typename Json>
void set_dtype(Json& config, StoredType type) {
  config["dtype"] = config["torch_dtype"] = dtype_name(type);
}

}  // namespace gpt
