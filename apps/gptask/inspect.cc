// gptask inspect: what is in a weights file or a folder.
#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "gpt/core/error.h"
#include "gpt/io/gguf.h"
#include "gpt/io/json.h"
#include "gpt/io/weight_source.h"
#include "gpt/text/tokenizer.h"
#include "gptask/toolkit/models.h"
#include "inspect_pictures.h"
#include "result_output.h"

namespace gptask::app {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

const Usage usage = {
    "gptask inspect PATH [--tensors] [--attention TEXT --output F.svg] [--next-token TEXT --output F.svg]",
    "Shows what a weights file (.gguf, .safetensors) or a folder holds: configuration, tensors, "
    "types, sizes, tokenizer, task. Or draws what the model does with a text: the attention of a layer's "
    "heads, or the likeliest next tokens.",
    "gptask inspect SmolLM2-135M-Instruct.Q4_1.gguf --tensors"};

/// Metadata of a GGUF file; arrays by their length.
Json metadata(const gpt::GgufFile& file) {
  Json values = Json::object();
  for (const gpt::GgufValue& value : file.metadata()) {
    const std::string key(value.key);
    switch (value.type) {
      case gpt::GgufType::array:
        values[key] = fmt::format("[{} x {}]", value.count, gpt::gguf_type_name(value.element_type));
        break;
      case gpt::GgufType::string:
        values[key] = *file.find_string(key);
        break;
      case gpt::GgufType::boolean:
        values[key] = *file.find_bool(key);
        break;
      case gpt::GgufType::f32:
      case gpt::GgufType::f64:
        values[key] = *file.find_number(key);
        break;
      default:
        values[key] = *file.find_integer(key);
    }
  }
  return values;
}

Json configuration(const fs::path& path, const gpt::WeightSource& source) {
  if (const auto* file = dynamic_cast<const gpt::GgufFile*>(&source)) return metadata(*file);
  for (const char* name : {"config.json", "adapter_config.json"})
    if (fs::exists(path / name)) return gpt::read_json_file(path / name);
  return Json::object();
}

Json tensor_list(const gpt::WeightSource& source) {
  Json list = Json::array();
  for (const gpt::StoredTensor& tensor : source.tensors())
    list.push_back(
        {{"name", tensor.name}, {"type", tensor.type_name}, {"shape", tensor.shape}, {"bytes", tensor.bytes.size()}});
  return list;
}

Json totals(const gpt::WeightSource& source) {
  std::int64_t elements = 0;
  std::uint64_t bytes = 0;
  std::map<std::string, std::int64_t> types;
  for (const gpt::StoredTensor& tensor : source.tensors()) {
    elements += tensor.elements();
    bytes += tensor.bytes.size();
    ++types[tensor.type_name];
  }
  return {{"tensors", source.tensors().size()}, {"elements", elements}, {"bytes", bytes}, {"types", types}};
}

/// Empty where there is no tokenizer (a bare safetensors file); its error where it cannot be read.
Json tokenizer_summary(const fs::path& path) {
  try {
    const auto tokenizer = gpt::Tokenizer::load(path);
    const auto token = [&](std::optional<std::int32_t> id) { return id ? Json(tokenizer->token(*id)) : Json(); };
    return {{"vocabulary", tokenizer->vocabulary_size()},
            {"bos", token(tokenizer->bos())},
            {"eos", token(tokenizer->eos())},
            {"pad", token(tokenizer->pad())},
            {"chat_template", !tokenizer->chat_template().empty()},
            {"hash", tokenizer->hash()}};
  } catch (const gpt::Error& error) {
    if (error.code() == gpt::ErrorCode::not_found) return Json::object();
    return {{"error", error.what()}};
  }
}

}  // namespace

int inspect_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  options.declare({"model",
                   gpt::OptionSpec::Kind::text,
                   "",
                   "the file or folder; may also stand without a flag",
                   {},
                   {"model_name_or_path", "m"}});
  options.declare({"tensors", gpt::OptionSpec::Kind::flag, "false", "list every tensor (--json always does)"});
  declare_picture_options(options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  if (!arguments.positional().empty()) options.set("model", arguments.positional()[0]);
  if (options.text("model").empty())
    gpt::fail(gpt::ErrorCode::invalid_option, "which file or folder? gptask inspect PATH");
  if (wants_picture(options)) {
    draw_picture(options);
    return 0;
  }
  const fs::path path = find_model(options.text("model"));
  const auto source = gpt::open_weights(path);
  Json all;
  all["path"] = path.string();
  all["weights"] = totals(*source);
  all["configuration"] = configuration(path, *source);
  if (fs::is_directory(path) || path.extension() == ".gguf") all["tokenizer"] = tokenizer_summary(path);
  if (fs::exists(path / "gptask.json")) all["task"] = Json(gpt::read_json_file(path / "gptask.json"));
  if (options.flag("json")) {
    all["tensors"] = tensor_list(*source);
    print_json(all);
    return 0;
  }
  fmt::print("{}\n", path.string());
  for (const char* part : {"weights", "configuration", "tokenizer", "task"})
    if (all.contains(part) && !all[part].empty()) print_values(part, all[part]);
  if (!options.flag("tensors")) return 0;
  fmt::print("tensors\n");
  for (const gpt::StoredTensor& tensor : source->tensors())
    fmt::print("  {:<50} {:<6} [{}] {} bytes\n", tensor.name, tensor.type_name, fmt::join(tensor.shape, ", "),
               tensor.bytes.size());
  return 0;
}

}  // namespace gptask::app
