// A scorer for each kind of answer: tasks and `gptask evaluate TASK --predictions` share them, so both give one figure.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "gpt/plugin/scorer.h"
#include "gptask/toolkit/label_metrics.h"

namespace gptask {

using ScorerPointer = std::shared_ptr<const gpt::Scorer>;

/// accuracy; with two labels f1, precision and recall of the second (the last in order, "1" of 0 and 1); f1_macro,
/// f1_weighted, matthews_correlation; with `combined` and two labels combined_score, the mean of accuracy and f1 (MRPC
/// and QQP of GLUE).
nlohmann::ordered_json label_scores(const Confusion& confusion, bool combined);

/// label_scores of a label a row. Error mismatch as for Confusion.
ScorerPointer label_scorer(std::size_t labels, std::vector<std::int32_t> truth, std::vector<std::int32_t> predicted,
                           bool combined = false);

}  // namespace gptask
