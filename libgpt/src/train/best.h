// Which evaluation was the best, and whether it is time to stop.
#pragma once

#include <vector>

#include "gpt/train/options.h"
#include "gpt/train/trainer.h"

namespace gpt {

/// The best evaluation, the first of equal ones; null without any. A score that is no number is worse than any number.
const EvalRecord* best_of(const std::vector<EvalRecord>& evaluations, const TrainOptions& options);

/// Whether the last early_stopping_patience evaluations were none of them better than the best before by more than the
/// threshold (as Transformers' EarlyStoppingCallback).
bool patience_is_over(const std::vector<EvalRecord>& evaluations, const TrainOptions& options);

}  // namespace gpt
