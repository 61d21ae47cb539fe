// The same fine-tuning with several seeds, or on k folds: how much a figure moves by chance.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gptask/toolkit/finetune.h"

namespace gptask {

struct RepeatResult {
  nlohmann::ordered_json results;  ///< what all_results.json holds: {"runs", "mean", "std", "baseline"}
  std::filesystem::path report;    ///< report.html; empty if stopped
  bool stopped = false;            ///< on request; the same request with resume goes on
};

/// Fine-tunes into output_dir/seed-N for each seed, or output_dir/fold-N (from 1) for each of request.folds, and writes
/// all_results.json and report.html with mean and sample standard deviation of every score. With request.resume, runs
/// that are done are kept and one that was interrupted goes on. Errors: those of finetune; invalid_option for fewer
/// than two runs, a seed named twice, or seeds and folds at once.
RepeatResult finetune_repeatedly(const FinetuneRequest& request, const std::vector<std::uint64_t>& seeds,
                                 Observer& observer);

/// The table of a RepeatResult: a line a run, then mean, deviation and the trivial baseline; columns are scores.
std::string repeat_table(const nlohmann::ordered_json& results);

}  // namespace gptask
