// From a row a token to a row a sequence.
#pragma once

#include "gpt/ops/batch.h"
#include "gpt/ops/variable.h"

namespace gpt {

/// The row of each sequence's last token: [tokens, n] -> [sequences, n]. The batch must outlive the step.
Variable pool_last(const Variable& states, const Batch& batch);
/// The mean over each sequence's rows.
Variable mean_pool(const Variable& states, const Batch& batch);

}  // namespace gpt
