// The trivial answers of an evaluation, however the task gave them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"

namespace gptask {

/// {"name", METRIC: number, ...} each; none where the task has none.
std::vector<nlohmann::ordered_json> baselines(const gpt::Evaluation& evaluation);

/// Of the names of its fields in result files: PREFIX_baseline, PREFIX_baseline2, ...
std::string baseline_prefix(const std::string& prefix, std::size_t index);

}  // namespace gptask
