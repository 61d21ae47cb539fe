// Losses. Each is scale times the sum over its terms: a mean over all the terms of a step, in however many passes, is
// the same step.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gpt/ops/variable.h"

namespace gpt {

/// Rows whose logits over a vocabulary are held at once.
inline constexpr std::int64_t kLogitRows = 512;

/// As torch.nn.CrossEntropyLoss has them. Its mean divides by the sum of the rows' class_weights[label].
struct CrossEntropyOptions {
  std::span<const float> class_weights = {};  ///< a factor of 0 or more for each class; empty: 1 each
  float label_smoothing = 0;                  ///< at least 0, below 1: the part of a target spread over all classes
};

/// scale * sum over rows of the sum over classes c of q[c] * -log softmax(row)[c]; rows whose label is -1 do not count.
/// q is 1 at the label, 0 elsewhere; with options q[c] = class_weights[c] * ((1 - label_smoothing) * (c is the label) +
/// label_smoothing / classes). Errors: mismatch for labels or weights that do not fit, invalid_option for options out
/// of range.
Variable cross_entropy(const Variable& logits, std::span<const std::int32_t> labels, float scale,
                       const CrossEntropyOptions& options = {});

/// The same with logits = states w', w: [vocabulary, n], without ever holding all of them: rows are taken in chunks,
/// and gradients are made in the same pass. Only a loss that backward starts from.
Variable projected_cross_entropy(const Variable& states, Parameter& weight, std::span<const std::int32_t> targets,
                                 float scale, const CrossEntropyOptions& options = {});

/// log softmax(row w')[target] of each row of states, 0 where the target is -1. For inference: there is no way back.
/// Error mismatch.
std::vector<float> projected_log_probabilities(const Variable& states, Parameter& weight,
                                               std::span<const std::int32_t> targets);

/// scale * sum over all entries of -(t log sigmoid(x) + (1 - t) log(1 - sigmoid(x))); targets: a number from 0 to 1 an
/// entry, row by row (torch.nn.BCEWithLogitsLoss); entries whose target is NaN do not count. Error mismatch.
Variable binary_cross_entropy(const Variable& logits, std::span<const float> targets, float scale);

/// scale * sum over all entries of (x - t)^2; targets: a number an entry, row by row (torch.nn.MSELoss); entries
/// whose target is NaN do not count. Error mismatch.
Variable squared_error(const Variable& outputs, std::span<const float> targets, float scale);

/// A span of tokens within a sequence, last inclusive; first = -1: unknown.
struct TokenSpan {
  std::int32_t first = -1, last = -1;
};

/// scale * sum over sequences of the mean of two cross entropies over the sequence's tokens: of `first` by column 0 and
/// of `last` by column 1 (the loss of Transformers' *ForQuestionAnswering). logits: [tokens, 2]; offsets: where the
/// sequences start, and the number of tokens. Sequences whose span is unknown do not count. Error mismatch.
Variable span_cross_entropy(const Variable& logits, std::span<const std::int32_t> offsets,
                            std::span<const TokenSpan> spans, float scale);

}  // namespace gpt
