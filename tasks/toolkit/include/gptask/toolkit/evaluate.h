// Scoring a fine-tuned folder on a file.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "gptask/toolkit/observer.h"
#include "gptask/toolkit/request.h"

namespace gpt {
class Registry;
}

namespace gptask {

struct EvaluateResult {
  nlohmann::ordered_json results;  ///< what test_results.json holds
  std::filesystem::path report;    ///< report.html
};

/// Writes test_results.json, the task's prediction files and report.html into request.output_dir and touches nothing
/// else. A folder that holds a fine-tuning run is always refused, one that holds another evaluation unless
/// request.overwrite.
EvaluateResult evaluate(const EvaluateRequest& request, const gpt::Registry& registry, Observer& observer);

}  // namespace gptask
