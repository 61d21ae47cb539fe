// Losses. Each is scale times the sum over its terms: a mean over all the terms of a step, in however many passes, is
// the same step.
#pragma once

#include <cstdint>
#include <span>

#include "gpt/ops/variable.h"

namespace gpt {

/// scale * sum over rows of -log softmax(row)[label]; rows whose label is -1 do not count.
Variable cross_entropy(const Variable& logits, std::span<const std::int32_t> labels, float scale);

/// The same with logits = states w', w: [vocabulary, n], without ever holding all of them: rows are taken in chunks,
/// and gradients are made in the same pass. Only a loss that backward starts from.
Variable projected_cross_entropy(const Variable& states, Parameter& weight, std::span<const std::int32_t> targets,
                                 float scale);

}  // namespace gpt
