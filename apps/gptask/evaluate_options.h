// What both forms of gptask evaluate have in common.
#pragma once

#include "arguments.h"
#include "gptask/toolkit/bootstrap.h"

namespace gptask::app {

/// --bootstrap_samples, --bootstrap_seed, --paired_test, --paired_samples
void declare_statistics(gpt::Options& options);
void take_statistics(const gpt::Options& options, BootstrapOptions& bootstrap, PairedOptions& paired);

/// gptask evaluate TASK --predictions ... --references ...
int evaluate_predictions_command(Arguments& arguments);

}  // namespace gptask::app
