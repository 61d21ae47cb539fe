// Rows of several sequences made into one of their example.
#pragma once

#include "gpt/ops/batch.h"
#include "gpt/ops/variable.h"

namespace gpt {

/// Rows of the sequences that make one example, added up: [sequences, n] -> [examples, n]. The batch must outlive the
/// step. Where every example is one sequence, x itself.
Variable sum_sequences(const Variable& x, const Batch& batch);

/// One score a sequence laid side by side: [sequences, 1] -> [examples, width]; places an example has no sequence for
/// are -1e30. The batch must outlive the step. Error mismatch for an example with more sequences than the width.
Variable spread_sequences(const Variable& x, const Batch& batch, std::int64_t width);

}  // namespace gpt
