#include "model/convert_parts.h"

#include <algorithm>
#include <array>

#include "gpt/core/error.h"
#include "gpt/io/gguf.h"

namespace gpt {

namespace fs = std::filesystem;

ModelSource open_whole_model(const fs::path& path) {
  if (fs::exists(path / "adapter_config.json") && !fs::exists(path / "model.safetensors"))
    fail(ErrorCode::unsupported, "{} holds an adapter, not a whole model; fold it into its base first: gptask merge",
         path.string());
  return open_model(path);
}

bool is_buffer(std::string_view name) {
  static constexpr std::array<std::string_view, 5> endings{".attn.bias", ".attn.masked_bias", ".attention.bias",
                                                           ".attention.masked_bias", ".rotary_emb.inv_freq"};
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view end) { return name.ends_with(end); });
}

bool has_tokenizer(const fs::path& model, const ModelSource& source) {
  if (const auto* file = dynamic_cast<const GgufFile*>(source.weights.get())) {
    const auto kind = file->find_string("tokenizer.ggml.model");
    return kind && *kind != "no_vocab" && *kind != "none";
  }
  return fs::exists(model / "tokenizer.json") || fs::exists(model / "vocab.json") ||
         fs::exists(model / "tokenizer.model");
}

const char* dtype_name(StoredType type) {
  if (type == StoredType::f32) return "float32";
  if (type == StoredType::bf16) return "bfloat16";
  if (type == StoredType::f16) return "float16";
  fail(ErrorCode::invalid_option, "a folder of type {} cannot be written: choose float32, bfloat16 or float16",
       stored_type_name(type));
}

}  // namespace gpt
