#include <array>
#include <memory>

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "gpt/io/safetensors.h"
#include "gpt/model/convert.h"
#include "gpt/model/files.h"
#include "gpt/text/tokenizer.h"
#include "model/convert_parts.h"
#include "model/weights.h"

namespace gpt {
namespace {

namespace fs = std::filesystem;

/// What stands beside the weights of a folder and does not depend on their type.
constexpr std::array<const char*, 10> companions{
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",      "vocab.json",
    "merges.txt",     "tokenizer.model",       "chat_template.jinja",     "generation_config.json", "gptask.json"};

/// Every tensor under the name it has.
std::vector<TensorToWrite> as_stored(const ModelSource& source, StoredType type) {
  for_each_weight(source.config, [&](const WeightName& weight) { find_weight(source, weight.name, weight.optional); });
  std::vector<TensorToWrite> list;
  for (const StoredTensor& stored : source.weights->tensors()) {
    if (is_buffer(stored.name)) continue;
    const auto read = [&stored](const auto& use) {
      if (const std::span<const float> view = view_f32(stored); !view.empty()) return use(view);
      std::vector<float> values(static_cast<std::size_t>(stored.elements()));
      read_f32(stored, 0, values);
      use(values);
    };
    list.push_back({stored.name, type, stored.shape, nullptr, read});
  }
  return list;
}

/// Every weight under Transformers' name.
std::vector<TensorToWrite> renamed(const ModelSource& source, StoredType type) {
  std::vector<TensorToWrite> list;
  for_each_weight(source.config, [&](const WeightName& weight) {
    const StoredTensor* stored = find_weight(source, weight.name, weight.optional);
    if (stored == nullptr) return;
    const auto read = [&source, weight, stored](const auto& use) {
      use(read_weight(source, *stored, weight.name, weight.shape).values());
    };
    list.push_back({weight.name.name, type, dimensions(weight.shape), nullptr, read});
  });
  return list;
}

void from_folder(const fs::path& model, const ModelSource& source, StoredType type, AtomicFolder& folder) {
  nlohmann::json config = read_json_file(model / "config.json");
  set_dtype(config, type);
  folder.write_file("config.json", json_text(config));
  for (const char* name : companions)
    if (fs::exists(model / name)) folder.copy_file(name, model / name);
  write_safetensors(folder, "model.safetensors", as_stored(source, type));
}

void from_gguf_file(const fs::path& model, const ModelSource& source, StoredType type, AtomicFolder& folder) {
  nlohmann::ordered_json config = transformers_config(source.config, "ForCausalLM");
  set_dtype(config, type);
  folder.write_file("config.json", config.dump(2) + "\n");
  nlohmann::ordered_json generation{{"_from_model_config", true}};
  for (const char* key : {"bos_token_id", "eos_token_id", "pad_token_id"})
    if (config.contains(key)) generation[key] = config[key];
  folder.write_file("generation_config.json", generation.dump(2) + "\n");
  if (has_tokenizer(model, source)) Tokenizer::load(model)->save(folder.temporary());
  write_safetensors(folder, "model.safetensors", renamed(source, type));
}

}  // namespace

void convert_to_folder(const fs::path& model, StoredType type, AtomicFolder& folder) {
  dtype_name(type);
  const ModelSource source = open_whole_model(model);
  if (source.gguf)
    from_gguf_file(source.weights->path(), source, type, folder);
  else
    from_folder(model, source, type, folder);
}

}  // namespace gpt
