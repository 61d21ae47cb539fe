// --dtype: the type of the weights in a folder.
#pragma once

#include "gpt/core/options.h"
#include "gpt/io/weight_source.h"

namespace gptask::app {

void declare_dtype_option(gpt::Options& options);
gpt::StoredType dtype_of(const gpt::Options& options);

}  // namespace gptask::app
