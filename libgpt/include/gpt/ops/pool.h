// From a row a token to a row a sequence.
#pragma once

#include "gpt/ops/batch.h"
#include "gpt/ops/variable.h"

namespace gpt {

/// The row of each sequence's last token: [tokens, n] -> [sequences, n]. The batch must outlive the step. Both take a
/// row a sequence as it is: then an answer was pooled before (Decoder::forward with StateRows::last, train/features.h).
/// Error mismatch for another number of rows.
Variable pool_last(const Variable& states, const Batch& batch);
/// The mean over each sequence's rows.
Variable mean_pool(const Variable& states, const Batch& batch);

}  // namespace gpt
