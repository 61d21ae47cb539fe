#include "gptask/toolkit/models.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "gpt/core/error.h"
#include "gpt/io/weight_source.h"

namespace gptask {
namespace fs = std::filesystem;

fs::path cache_folder() {
  const auto variable = [](const char* name) -> std::string_view {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
  };
  if (const auto named = variable("GPTASK_CACHE"); !named.empty()) return named;
  if (const auto xdg = variable("XDG_CACHE_HOME"); !xdg.empty()) return fs::path(xdg) / "gptask";
  return fs::path(variable("HOME")) / ".cache" / "gptask";
}

std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  const char* variable = std::getenv("GPTASK_MODEL_PATH");
  std::string_view rest = variable != nullptr ? variable : "";
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    if (colon > 0) folders.emplace_back(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  folders.push_back(cache_folder());
  return folders;
}

namespace {

std::string listed(const std::vector<fs::path>& folders) {
  std::string text;
  for (const fs::path& folder : folders) text += (text.empty() ? "" : ", ") + folder.string();
  return text;
}

bool holds_weights(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return path.extension() == ".gguf" || path.extension() == ".safetensors";
  return fs::is_directory(path, ignored) && fs::exists(path / "config.json", ignored);
}

/// Models directly in a folder (or the folder itself), the wanted name first, the rest by name.
std::vector<fs::path> models_in(const fs::path& folder, const fs::path& wanted) {
  std::vector<fs::path> found;
  if (holds_weights(folder)) found.push_back(folder);
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (holds_weights(entry->path())) found.push_back(entry->path());
  std::sort(found.begin(), found.end());
  std::stable_partition(found.begin(), found.end(), [&](const fs::path& path) { return path.filename() == wanted; });
  return found;
}

bool has_hash(const fs::path& path, const std::string& hash) {
  try {
    return weights_hash(*gpt::open_weights(path)) == hash;
  } catch (const gpt::Error&) {
    return false;  // whatever this is, it is not the base
  }
}

}  // namespace

fs::path find_model(const std::string& name) {
  if (fs::exists(name)) return name;
  const std::vector<fs::path> folders = model_folders();
  if (!name.empty() && fs::path(name).is_relative()) {
    for (const fs::path& folder : folders)
      for (const std::string& file : {name, name + ".gguf"})
        if (holds_weights(folder / file)) return folder / file;
  }
  gpt::fail(
      gpt::ErrorCode::not_found,
      "there is no model \"{}\": no such file or folder here, nor in {}; pass the path of a .gguf file or of a folder "
      "with config.json and model.safetensors",
      name, listed(folders));
}

fs::path find_base(const Manifest& manifest, const fs::path& folder) {
  const fs::path recorded = manifest.base_path;
  std::vector<fs::path> candidates = {recorded.is_relative() ? folder / recorded : recorded};
  const std::vector<fs::path> folders = model_folders();
  for (const fs::path& place : folders)
    for (fs::path& path : models_in(place, recorded.filename())) candidates.push_back(std::move(path));
  for (const fs::path& candidate : candidates)
    if (fs::exists(candidate) && has_hash(candidate, manifest.base_hash)) return candidate;
  const bool changed = fs::exists(candidates.front());
  gpt::fail(gpt::ErrorCode::not_found,
            "{} is an adapter for {}, which {} (hash {}); looked there and in {}. Put the base in one of these, name "
            "its folder "
            "in GPTASK_MODEL_PATH, or make a folder that needs no base with gptask merge where the base is",
            folder.string(), recorded.string(), changed ? "holds other weights now" : "is not there",
            manifest.base_hash, listed(folders));
}

}  // namespace gptask
