#include "gpt/model/files.h"

#include <set>

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "gpt/io/safetensors.h"
#include "model/config_reader.h"
#include "model/convert_parts.h"
#include "model/decoder_impl.h"

namespace gpt {
namespace {

TensorToWrite to_write(const Parameter& parameter, std::string name, StoredType type = StoredType::f32) {
  return {std::move(name), type, dimensions(parameter.value.shape()), parameter.value.data()};
}

/// The tensor that was read.
const StoredTensor* fill(Parameter& parameter, const WeightSource& source, const std::string& name) {
  const StoredTensor* stored = find_tensor(source, name);
  if (stored == nullptr) fail(ErrorCode::not_found, "{}: there is no tensor {}", source.path().string(), name);
  const Tensor value = read_tensor(source, *stored, parameter.value.shape());
  std::copy_n(value.data(), value.size(), parameter.value.data());
  return stored;
}

/// A token embedding that was trained beside the adapters, which may have more rows than the base.
void load_new_tokens(Decoder& decoder, const WeightSource& source) {
  Parameter& table = decoder.token_embedding();
  const std::string name = "base_model.model." + table.name;
  const StoredTensor* stored = find_tensor(source, name);
  if (stored == nullptr) return;
  const std::int64_t before = table.value.rows();
  if (stored->shape.size() != 2 || stored->shape[0] < before)
    fail(ErrorCode::mismatch, "{}: {} is [{}], the base has {} tokens", source.path().string(), name,
         fmt::join(stored->shape, ", "), before);
  decoder.add_tokens(before, stored->shape[0], 0);
  fill(table, source, name);
}

/// The name of a decoder's weight in that class of Transformers: LlamaForQuestionAnswering says transformer., not
/// model.
std::string name_in_class(const std::string& name, const Family& family, std::string_view architecture) {
  if (name.compare(0, family.prefix().size(), family.prefix()) != 0) return name;
  return std::string(family.prefix(architecture)).append(name, family.prefix().size());
}

/// Settings of adapter_config.json that change the arithmetic and that we do not have.
void check_adapter(const nlohmann::json& json, const std::string& where) {
  const ConfigReader read(json, where);
  read.only("peft_type", {"LORA"});
  read.only("bias", {"none"});
  for (const char* flag : {"use_dora", "use_rslora", "lora_bias", "use_qalora", "use_bdlora"}) read.only(flag, {false});
  for (const char* pattern : {"rank_pattern", "alpha_pattern"}) read.only(pattern, {nlohmann::json::object()});
  for (const char* absent :
       {"layers_to_transform", "layer_replication", "trainable_token_indices", "exclude_modules", "target_parameters",
        "alora_invocation_tokens", "arrow_config", "kasa_config", "monteclora_config", "velora_config"})
    read.only(absent, {nullptr});
}

[[noreturn]] void refuse_whole(const WeightSource& source, const StoredTensor& tensor) {
  fail(ErrorCode::unsupported,
       "{}: the adapter brings a weight of the decoder itself, {}, which is not supported; merge it with PEFT first",
       source.path().string(), tensor.name);
}

/// What an adapter brings and nothing here takes: matrices for what is no projection of the base, an output projection.
/// Other tensors are a head's.
void refuse_unused(const WeightSource& source, const std::set<const StoredTensor*>& used) {
  for (const StoredTensor& tensor : source.tensors()) {
    if (used.count(&tensor) != 0) continue;
    if (tensor.name.find(".lora_") != std::string::npos)
      fail(ErrorCode::unsupported,
           "{}: {} is for something that is no projection of the base; merge it with PEFT first",
           source.path().string(), tensor.name);
    for (const char* output : {"base_model.model.lm_head.", "base_model.model.embed_out."})
      if (tensor.name.rfind(output, 0) == 0) refuse_whole(source, tensor);
  }
}

}  // namespace

ModelConfig read_model_config(const nlohmann::json& json, std::string_view where) {
  if (!json.is_object()) fail(ErrorCode::malformed, "{}: expected an object", where);
  ModelConfig config = family(ConfigReader(json, where).text_or("model_type", "")).from_json(json, where);
  check_config(config, where);
  return config;
}

nlohmann::ordered_json transformers_config(const ModelConfig& config, std::string_view architecture,
                                           const nlohmann::ordered_json& extra) {
  const Family& kind = family(config.family);
  nlohmann::ordered_json json = kind.to_json(config);
  json["architectures"] = {kind.class_name(architecture)};
  json["model_type"] = config.family;
  set_dtype(json, StoredType::f32);
  if (config.bos) json["bos_token_id"] = *config.bos;
  if (config.eos) json["eos_token_id"] = *config.eos;
  if (config.pad) json["pad_token_id"] = *config.pad;
  if (!extra.is_null()) json.update(extra);
  return json;
}

void save_model(const Decoder& decoder, std::span<Parameter* const> head, const std::filesystem::path& folder,
                std::string_view architecture, const nlohmann::ordered_json& extra, StoredType type) {
  nlohmann::ordered_json config = transformers_config(decoder.config(), architecture, extra);
  set_dtype(config, type);
  if (decoder.has_lora()) fail(ErrorCode::mismatch, "a model with adapters is saved as an adapter, or merged first");
  const Family& kind = family(decoder.config().family);
  std::vector<TensorToWrite> tensors;
  for (const Parameter* p : decoder.parameters())
    tensors.push_back(to_write(*p, name_in_class(p->name, kind, architecture), type));
  for (const Parameter* p : head) tensors.push_back(to_write(*p, p->name, type));
  write_safetensors(folder / "model.safetensors", tensors);
  write_file_atomically(folder / "config.json", config.dump(2) + "\n");
}

void load_head(std::span<Parameter* const> head, const std::filesystem::path& folder) {
  const std::unique_ptr<WeightSource> source = open_weights(folder);
  for (Parameter* p : head) fill(*p, *source, p->name);
}

void load_adapter(Decoder& decoder, const std::filesystem::path& folder, std::span<Parameter* const> head) {
  const std::filesystem::path path = folder / "adapter_config.json";
  const nlohmann::json json = read_json_file(path, DuplicateKeys::refuse);
  if (!json.is_object()) fail(ErrorCode::malformed, "{}: expected an object", path.string());
  check_adapter(json, path.string());
  const ConfigReader read(json, path.string());
  LoraOptions options;
  options.rank = read.size("r");
  options.alpha = read.number_or("lora_alpha", 8);
  options.dropout = read.number_or("lora_dropout", 0);
  if (read.has("target_modules") && json["target_modules"].is_array()) {
    for (const nlohmann::json& target : json["target_modules"]) {
      if (!target.is_string())
        fail(ErrorCode::malformed, "{}: target_modules names projections, {} is none", path.string(), target.dump());
      options.targets.push_back(target.get<std::string>());
    }
  } else {
    options.targets = {read.text_or("target_modules", "all-linear")};
  }
  // A folder may hold a whole model beside the adapter.
  const std::filesystem::path weights = folder / "adapter_model.safetensors";
  const std::unique_ptr<WeightSource> source = open_weights(std::filesystem::exists(weights) ? weights : folder);
  load_new_tokens(decoder, *source);
  try {
    decoder.add_lora(options, 0);
  } catch (const Error& error) {
    fail(error.code(), "{}: {}", path.string(), error.what());
  }
  std::set<const StoredTensor*> used;
  for (Parameter* p : decoder.parameters()) {
    const std::string name = "base_model.model." + p->name;
    if (p->name.find(".lora_") != std::string::npos) {
      used.insert(fill(*p, *source, name));
    } else if (const StoredTensor* whole = find_tensor(*source, name);
               whole != nullptr && p != &decoder.token_embedding()) {
      refuse_whole(*source, *whole);
    }
  }
  refuse_unused(*source, used);
  for (Parameter* p : head) fill(*p, *source, "base_model.model." + p->name);
}

void save_adapter(const Decoder& decoder, std::span<Parameter* const> head, const std::filesystem::path& folder,
                  const std::string& base_model, const std::string& task_type) {
  const LoraOptions& options = decoder.lora();
  const Family& kind = family(decoder.config().family);
  const std::string_view architecture = task_type == "QUESTION_ANS" ? "ForQuestionAnswering" : "ForCausalLM";
  std::vector<TensorToWrite> tensors;
  for (const Parameter* p : decoder.parameters())
    if (p->name.find(".lora_") != std::string::npos)
      tensors.push_back(to_write(*p, "base_model.model." + name_in_class(p->name, kind, architecture)));
  nlohmann::ordered_json saved = nullptr;
  for (const Parameter* p : head) {
    tensors.push_back(to_write(*p, "base_model.model." + p->name));
    const std::string module = p->name.substr(0, p->name.rfind('.'));
    if (saved.is_null()) saved = nlohmann::ordered_json::array();
    if (std::find(saved.begin(), saved.end(), module) == saved.end()) saved.push_back(module);
  }
  if (const Parameter& table = decoder.token_embedding(); decoder.first_new_token() < table.value.rows()) {
    tensors.push_back(to_write(table, "base_model.model." + name_in_class(table.name, kind, architecture)));
    const std::size_t end = table.name.rfind('.'), begin = table.name.rfind('.', end - 1) + 1;
    if (saved.is_null()) saved = nlohmann::ordered_json::array();
    saved.push_back(table.name.substr(begin, end - begin));
  }
  std::vector<std::string> targets = options.targets;
  if (targets.empty() || targets.front() == "all-linear") {
    targets.clear();
    for (const Parameter* p : decoder.parameters()) {
      const std::size_t side = p->name.find(".lora_A");
      if (side == std::string::npos) continue;
      const std::string module =
          p->name.substr(p->name.rfind('.', side - 1) + 1, side - p->name.rfind('.', side - 1) - 1);
      if (std::find(targets.begin(), targets.end(), module) == targets.end()) targets.push_back(module);
    }
  }
  write_safetensors(folder / "adapter_model.safetensors", tensors);
  const nlohmann::ordered_json json{{"base_model_name_or_path", base_model},
                                    {"bias", "none"},
                                    {"fan_in_fan_out", kind.transposed_weights()},
                                    {"inference_mode", true},
                                    {"init_lora_weights", true},
                                    {"lora_alpha", options.alpha},
                                    {"lora_dropout", options.dropout},
                                    {"modules_to_save", saved},
                                    {"peft_type", "LORA"},
                                    {"r", options.rank},
                                    {"target_modules", targets},
                                    {"task_type", task_type},
                                    {"use_dora", false},
                                    {"use_rslora", false}};
  write_file_atomically(folder / "adapter_config.json", json.dump(2) + "\n");
}

}  // namespace gpt
