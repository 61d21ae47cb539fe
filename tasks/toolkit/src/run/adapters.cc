#include "run/adapters.h"

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "gptask/toolkit/models.h"

namespace gptask {
namespace fs = std::filesystem;

bool is_adapter(const fs::path& path) {
  return fs::exists(path / "adapter_config.json") && !fs::exists(path / "model.safetensors");
}

fs::path find_base(const fs::path& adapter) {
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

void check_merge_target(const fs::path& target) {
  if (!fs::exists(target)) return;
  if (!fs::is_directory(target) || !fs::is_empty(target))
    gpt::fail(gpt::ErrorCode::invalid_option, "--output_dir {} exists already; choose a new or empty folder",
              target.string());
}

}  // namespace gptask
