#include "run/baselines.h"

namespace gptask {

using Json = nlohmann::ordered_json;

std::vector<Json> baselines(const gpt::Evaluation& evaluation) {
  std::vector<Json> all;
  for (const auto& [name, scorer] : evaluation.baselines) {
    all.push_back({{"name", name}});
    all.back().update(scorer->all());
  }
  if (all.empty() && !evaluation.baseline.empty()) all.push_back(evaluation.baseline);
  return all;
}

std::string baseline_prefix(const std::string& prefix, std::size_t index) {
  return prefix + "_baseline" + (index == 0 ? "" : std::to_string(index + 1));
}

}  // namespace gptask
