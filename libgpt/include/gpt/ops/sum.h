// Sums of variables.
#pragma once

#include "gpt/ops/batch.h"
#include "gpt/ops/variable.h"

namespace gpt {

/// a + b, of one shape.
Variable add(const Variable& a, const Variable& b);

/// Rows of the sequences that make one example, added up: [sequences, n] -> [examples, n]. The batch must outlive the
/// step. Where every example is one sequence, x itself.
Variable sum_sequences(const Variable& x, const Batch& batch);

}  // namespace gpt
