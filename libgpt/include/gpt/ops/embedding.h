// Token and position embeddings.
#pragma once

#include "gpt/ops/batch.h"
#include "gpt/ops/variable.h"

namespace gpt {

/// dropout(tokens[id] (+ positions[position within its sequence])): [tokens, n]. positions may be null. The batch must
/// outlive the step. Error mismatch for an id outside the table or a sequence longer than the positions.
Variable embedding(Tape& tape, const Batch& batch, Parameter& tokens, Parameter* positions = nullptr,
                   float dropout = 0);

}  // namespace gpt
