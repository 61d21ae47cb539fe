// The learning rate of a step.
#pragma once

#include "gpt/train/options.h"

namespace gpt {

/// Of step `step` (from 0) out of `total`: linear warm-up from 0, then as the schedule says, as Transformers'
/// get_scheduler.
double learning_rate(const TrainOptions& options, std::int64_t step, std::int64_t total);

}  // namespace gpt
