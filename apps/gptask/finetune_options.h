// The flags of gptask finetune and what they mean.
#pragma once

#include "arguments.h"
#include "gptask/toolkit/request.h"

namespace gptask::app {

/// Everything but the task's own options.
void declare_finetune_options(gpt::Options& options);

/// The request that the options describe; `task_options` are the task's own. Error invalid_option.
FinetuneRequest finetune_request(const gpt::Options& options, const gpt::TaskEntry& task, gpt::Options task_options);

/// --seeds; empty where it was not given.
std::vector<std::uint64_t> seeds(const gpt::Options& options);

}  // namespace gptask::app
