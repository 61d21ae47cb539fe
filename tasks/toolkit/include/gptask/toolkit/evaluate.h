// Scoring fine-tuned folders on files.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "gptask/toolkit/evaluation_table.h"
#include "gptask/toolkit/observer.h"
#include "gptask/toolkit/request.h"

namespace gpt {
class Registry;
}

namespace gptask {

struct EvaluateResult {
  std::vector<nlohmann::ordered_json> results;  ///< what test_results.json holds, for each model and each of its files
  EvaluationTable table;
  std::filesystem::path report;  ///< report.html
};

/// Writes evaluation.txt, .csv and .json (the table of all figures), report.html and, for each model on each file,
/// test_results.json, examples.jsonl and the task's prediction files, in folders evaluation-MODEL-FILE where there are
/// several. Touches nothing outside request.output_dir. A folder that holds a fine-tuning run is always refused, one
/// that holds another evaluation unless request.overwrite; with request.resume an interrupted one goes on after the
/// last examples that its journal holds. Errors: what reading and loading throw; mismatch for models of different
/// tasks; interrupted when asked to stop (the journal stays).
EvaluateResult evaluate(const EvaluateRequest& request, const gpt::Registry& registry, Observer& observer);

}  // namespace gptask
