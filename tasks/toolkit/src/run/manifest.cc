#include "gptask/toolkit/manifest.h"

#include "gpt/core/error.h"
#include "gpt/core/hash.h"
#include "gpt/core/version.h"
#include "gpt/io/json.h"
#include "gpt/io/weight_source.h"

namespace gptask {
namespace {

constexpr const char* file_name = "gptask.json";
constexpr int format_version = 1;

using Json = nlohmann::json;

/// The member at a path such as "task.name", of the wanted kind.
const Json& member(const Json& root, const std::filesystem::path& file, const std::string& path, Json::value_t kind) {
  const Json* value = &root;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string key = path.substr(begin, end - begin);
    if (!value->is_object() || !value->contains(key))
      gpt::fail(gpt::ErrorCode::malformed, "{}: \"{}\" is missing; the file does not come from gptask {}",
                file.string(), path, GPTASK_VERSION);
    value = &(*value)[key];
    begin = end + 1;
  }
  const bool number = kind == Json::value_t::number_integer && value->is_number_integer();
  if (value->type() != kind && !number)
    gpt::fail(gpt::ErrorCode::malformed, "{}: \"{}\" is a {}", file.string(), path, value->type_name());
  return *value;
}

}  // namespace

Manifest read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / file_name;
  if (!std::filesystem::exists(folder)) gpt::fail(gpt::ErrorCode::not_found, "{}: no such folder", folder.string());
  if (!std::filesystem::exists(file))
    gpt::fail(
        gpt::ErrorCode::not_found,
        "{} holds no {}: it is not a fine-tuned model, or its run did not end; pass the --output-dir of a finished "
        "gptask finetune",
        folder.string(), file_name);
  const Json root = gpt::read_json_file(file, gpt::DuplicateKeys::refuse);
  const auto text = [&](const char* path) {
    return member(root, file, path, Json::value_t::string).get<std::string>();
  };
  const auto integer = [&](const char* path) {
    return member(root, file, path, Json::value_t::number_integer).get<std::int64_t>();
  };
  if (const auto format = integer("format"); format != format_version)
    gpt::fail(gpt::ErrorCode::unsupported, "{}: format {}; this gptask reads format {}", file.string(), format,
              format_version);
  Manifest manifest;
  manifest.task = text("task.name");
  manifest.task_version = static_cast<int>(integer("task.version"));
  manifest.plugin = text("task.plugin");
  manifest.state = member(root, file, "state", Json::value_t::object);
  if (root.contains("head")) manifest.looks_at = text("head.looks_at");
  manifest.options = member(root, file, "options", Json::value_t::object);
  manifest.tuning = text("tuning");
  manifest.max_tokens = integer("max_tokens");
  manifest.tokenizer_hash = text("tokenizer.hash");
  manifest.base_path = text("base.path");
  manifest.base_hash = text("base.hash");
  manifest.adapter = member(root, file, "adapter", Json::value_t::boolean).get<bool>();
  return manifest;
}

void write_manifest(const std::filesystem::path& folder, const Manifest& manifest) {
  nlohmann::ordered_json root;
  root["format"] = format_version;
  root["gptask"] = GPTASK_VERSION;
  root["task"] = {{"name", manifest.task}, {"version", manifest.task_version}, {"plugin", manifest.plugin}};
  root["tuning"] = manifest.tuning;
  root["adapter"] = manifest.adapter;
  root["base"] = {{"path", manifest.base_path}, {"hash", manifest.base_hash}};
  root["tokenizer"] = {{"hash", manifest.tokenizer_hash}};
  root["max_tokens"] = manifest.max_tokens;
  root["head"] = {{"looks_at", manifest.looks_at}};
  root["state"] = manifest.state;
  root["options"] = manifest.options;
  gpt::write_json_file(folder / file_name, root);
}

std::string weights_hash(const gpt::WeightSource& source) {
  gpt::Hasher hasher;
  for (const gpt::StoredTensor& tensor : source.tensors()) {
    const std::string description =
        fmt::format("{} {} [{}]\n", tensor.name, tensor.type_name, fmt::join(tensor.shape, ","));
    hasher.update(description.data(), description.size());
    hasher.update(tensor.bytes.data(), tensor.bytes.size());
  }
  return hasher.digest();
}

}  // namespace gptask
