#include "gptask/toolkit/language_model.h"

#include "gpt/core/error.h"
#include "gpt/core/log.h"
#include "gpt/generate/config.h"
#include "gpt/io/json.h"
#include "gpt/model/lora.h"
#include "gptask/toolkit/models.h"

namespace gptask {
namespace fs = std::filesystem;
namespace {

bool is_adapter(const fs::path& path) {
  return fs::exists(path / "adapter_config.json") && !fs::exists(path / "model.safetensors");
}

/// The base of an adapter that PEFT or finetune wrote.
fs::path base_of(const fs::path& adapter) {
  if (fs::exists(adapter / "gptask.json")) return find_base(read_manifest(adapter), adapter);
  const fs::path file = adapter / "adapter_config.json";
  const nlohmann::json config = gpt::read_json_file(file);
  const auto found = config.find("base_model_name_or_path");
  if (found == config.end() || !found->is_string() || found->get<std::string>().empty())
    gpt::fail(gpt::ErrorCode::malformed, "{}: base_model_name_or_path must name the adapter's base", file.string());
  const fs::path named = found->get<std::string>();
  for (const fs::path& path : {named, adapter / named, fs::absolute(adapter).lexically_normal().parent_path() / named})
    if (fs::exists(path)) return path;
  try {
    return find_model(named.filename().string());
  } catch (const gpt::Error& error) {
    gpt::fail(gpt::ErrorCode::not_found, "{} is an adapter for {}, which is not there; {}", adapter.string(),
              named.string(), error.what());
  }
}

/// Null where neither the folder nor the weights have a tokenizer.
std::shared_ptr<const gpt::Tokenizer> find_tokenizer(const fs::path& folder, const fs::path& weights) {
  std::vector<fs::path> places{folder, weights};
  if (fs::is_directory(weights))
    for (const fs::directory_entry& entry : fs::directory_iterator(weights))
      if (entry.path().extension() == ".gguf") places.push_back(entry.path());
  for (const fs::path& place : places) {
    try {
      return gpt::Tokenizer::load(place);
    } catch (const gpt::Error& error) {
      if (error.code() != gpt::ErrorCode::not_found) throw;
    }
  }
  return nullptr;
}

}  // namespace

const gpt::Tokenizer& LanguageModel::needs_tokenizer() const {
  if (tokenizer == nullptr)
    gpt::fail(gpt::ErrorCode::not_found,
              "{}: no tokenizer there: put tokenizer.json beside the weights, or give tokens "
              "as ids",
              path.string());
  return *tokenizer;
}

LanguageModel load_language_model(const std::string& name, gpt::Threads& threads, const gpt::GenerateOptions& defaults,
                                  gpt::Precision precision) {
  LanguageModel model;
  model.path = find_model(name);
  const bool adapter = is_adapter(model.path);
  const fs::path weights = adapter ? base_of(model.path) : model.path;
  model.tokenizer = find_tokenizer(model.path, weights);
  model.options = gpt::read_generation_config(weights, defaults);
  if (adapter) model.options = gpt::read_generation_config(model.path, model.options);
  threads.run([&] {
    model.decoder = gpt::Decoder::load(weights);
    if (adapter) {
      gpt::load_adapter(*model.decoder, model.path);
      model.decoder->merge_lora();
    }
    if (!model.decoder->set_precision(precision))
      gpt::log_warning("this machine has no bfloat16 products: float32 is used");
  });
  return model;
}

}  // namespace gptask
