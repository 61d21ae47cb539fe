// gptask.json: what the formats of others cannot say about a fine-tuned folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace gpt {
class WeightSource;
}

namespace gptask {

struct Manifest {
  std::string task;
  int task_version = 0;
  std::string plugin;              ///< file name of the plugin; empty for a task that was linked
  nlohmann::ordered_json state;    ///< Task::state(): labels, template, columns
  std::string looks_at;            ///< Head::looks_at()
  nlohmann::ordered_json options;  ///< what the run was asked for
  std::string tuning;              ///< "full", "lora" or "head"
  std::int64_t max_tokens = 0;
  std::string tokenizer_hash;
  std::string base_path, base_hash;  ///< the model that was tuned
  bool adapter = false;              ///< the folder holds an adapter and needs its base
};

/// Error not_found (naming what to pass instead) if the folder has no gptask.json; malformed if a field is missing or
/// wrong.
Manifest read_manifest(const std::filesystem::path& folder);
void write_manifest(const std::filesystem::path& folder, const Manifest& manifest);

/// Of names, types, shapes and bytes of all tensors: equal for the same weights, wherever they lie.
std::string weights_hash(const gpt::WeightSource& source);

}  // namespace gptask
