// Fine-tuning from files to a folder: read, tune, evaluate, write.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "gptask/toolkit/memory.h"
#include "gptask/toolkit/observer.h"
#include "gptask/toolkit/request.h"

namespace gptask {

struct FinetuneResult {
  nlohmann::ordered_json results;    ///< what all_results.json holds
  std::filesystem::path report;      ///< report.html; empty if stopped
  bool stopped = false;              ///< on request: a checkpoint is saved, nothing else is written
  std::filesystem::path checkpoint;  ///< where to resume, if stopped
};

/// Runs the request and writes the folder: weights or adapter, config.json, tokenizer files, train_results.json,
/// eval_results.json, all_results.json, trainer_state.json, the task's prediction files, README.md, report.html and,
/// last, gptask.json. A folder that holds another run is refused, resumed or overwritten as the request says. Errors:
/// what reading, training and writing throw; interrupted when asked to stop outside training.
FinetuneResult finetune(const FinetuneRequest& request, Observer& observer);

/// What finetune would do, without doing it.
struct DryRun {
  nlohmann::ordered_json summary;  ///< examples, steps, parameters, memory in bytes, settings
  std::string memory;              ///< as MemoryEstimate describes it
  nlohmann::ordered_json samples;  ///< up to three: text, answer, ids, tokens
};
DryRun plan_finetune(const FinetuneRequest& request, Observer& observer);

}  // namespace gptask
