// A task's own options beside those of a command.
#pragma once

#include "arguments.h"
#include "gpt/core/options.h"
#include "gpt/plugin/registry.h"

namespace gptask::app {

/// Declares the task's options among a command's, and returns them by themselves.
gpt::Options declare_task_options(const gpt::TaskEntry& task, gpt::Options& options);
/// The same for the task of the folder that --model names. None where the folder cannot be read: loading it says why.
gpt::Options declare_options_of_model(const Arguments& arguments, const gpt::Registry& registry, gpt::Options& options);
/// Hands over the values that were given.
void take_task_options(const gpt::Options& options, gpt::Options& task_options);

}  // namespace gptask::app
