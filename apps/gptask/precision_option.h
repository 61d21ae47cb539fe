// --precision: how a language model's weights are held.
#pragma once

#include "gpt/core/options.h"
#include "gpt/ops/variable.h"

namespace gptask::app {

void declare_precision_option(gpt::Options& options);
gpt::Precision precision_of(const gpt::Options& options);
/// float32 for a name it does not know.
gpt::Precision precision_named(std::string_view name);

}  // namespace gptask::app
