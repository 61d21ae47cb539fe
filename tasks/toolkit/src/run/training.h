// The training part of a run: evaluations on the way, the best weights, kept states of a frozen decoder.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "run/inputs.h"
#include "run/results.h"
#include "run/scoring.h"

namespace gptask {

struct Trained {
  gpt::TrainPlan plan;
  gpt::TrainResult result;
  std::vector<Json> evaluations;  ///< entries of log_history, those before a resume included
  std::optional<Scored> scored;   ///< of the weights it ended with, where an evaluation on the way was theirs
};

/// Trains inputs.decoder and inputs.head, from a checkpoint or (where that is empty) from the start. Checkpoints go to
/// `folder`.
Trained train(const FinetuneRequest& request, const Inputs& inputs, const std::filesystem::path& folder,
              const std::filesystem::path& checkpoint, Observer& observer);

/// The name in Evaluation::metrics that tells which weights are best.
std::string best_metric(const FinetuneRequest& request, const gpt::Task& task);

/// Error invalid_option, with the names there are, where no evaluation of the validation set gives the metric that the
/// request names. To be called before anything is trained; it evaluates a few rows with the weights as they are.
void check_best_metric(const FinetuneRequest& request, const Inputs& inputs, Observer& observer);

/// "eval_..." of an evaluation: metrics, the trivial answer's as eval_baseline_..., speed, epoch.
Json evaluation_results(const FinetuneRequest& request, const Inputs& inputs, const Scored& scored, double epoch);

}  // namespace gptask
