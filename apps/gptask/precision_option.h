// --precision: how a model's weights are held.
#pragma once

#include "gpt/core/options.h"
#include "gpt/ops/attention.h"
#include "gpt/ops/variable.h"

namespace gptask::app {

void declare_precision_option(gpt::Options& options);
gpt::Precision precision_of(const gpt::Options& options);
/// float32 for a name it does not know.
gpt::Precision precision_named(std::string_view name);

/// --kv_cache_dtype: how the keys and values of earlier tokens are held.
void declare_cache_option(gpt::Options& options);
gpt::CacheType cache_type_of(const gpt::Options& options);

/// With --bf16 beside it, as the Transformers scripts spell one of its values. Error invalid_option where both are
/// given and differ.
void declare_task_precision_option(gpt::Options& options);
gpt::Precision task_precision_of(const gpt::Options& options);

}  // namespace gptask::app
