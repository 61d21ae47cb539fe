// A scorer for each kind of answer: tasks and `gptask evaluate TASK --predictions` share them, so both give one figure.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gpt/plugin/scorer.h"
#include "gptask/toolkit/bleu.h"
#include "gptask/toolkit/chrf.h"
#include "gptask/toolkit/label_metrics.h"
#include "gptask/toolkit/squad_metrics.h"
#include "gptask/toolkit/ter.h"

namespace gptask {

using ScorerPointer = std::shared_ptr<const gpt::Scorer>;

/// accuracy; with two labels f1, precision and recall of the second (the last in order, "1" of 0 and 1); f1_macro,
/// f1_weighted, matthews_correlation; with `combined` and two labels combined_score, the mean of accuracy and f1 (MRPC
/// and QQP of GLUE).
nlohmann::ordered_json label_scores(const Confusion& confusion, bool combined);

/// label_scores of a label a row. Error mismatch as for Confusion.
ScorerPointer label_scorer(std::size_t labels, std::vector<std::int32_t> truth, std::vector<std::int32_t> predicted,
                           bool combined = false);

/// Several labels a row, [rows][labels] of 0 and 1: accuracy (all labels of a row right), f1_micro, f1_macro,
/// f1_weighted, f1_samples (the mean over rows), as scikit-learn has them, 0 where a quotient has no denominator. Error
/// mismatch for rows of different lengths.
ScorerPointer multi_label_scorer(const std::vector<std::vector<bool>>& truth,
                                 const std::vector<std::vector<bool>>& predicted);

/// A number a row: pearson, spearmanr, combined_score (their mean, GLUE's for STS-B), mse. Error mismatch.
ScorerPointer number_scorer(std::vector<double> truth, std::vector<double> predicted);

/// How sure a model is of the second of two labels (truth 1): roc_auc, average_precision. Error mismatch.
ScorerPointer ranking_scorer(std::vector<std::int32_t> truth, std::vector<double> scores);

/// One choice of several a row: accuracy, and accuracy_norm if the choices by length-normalized likelihood are given.
/// Error mismatch.
ScorerPointer choice_scorer(const std::vector<std::int32_t>& truth, const std::vector<std::int32_t>& predicted,
                            const std::vector<std::int32_t>& predicted_norm = {});

/// rouge1, rouge2, rougeL, rougeLsum: F-measures in percent, the mean over rows, of the best reference each. Error
/// mismatch.
ScorerPointer summary_scorer(const std::vector<std::string>& predictions, const References& references,
                             bool stem = true);

struct TranslationOptions {
  BleuOptions bleu;
  bool lowercase = false;  ///< chrF too
  TerOptions ter;
};

/// bleu, chrf, chrf++, ter, over the corpus. Error mismatch.
ScorerPointer translation_scorer(const std::vector<std::string>& hypotheses, const References& references,
                                 const TranslationOptions& options = {});
/// How ROUGE is computed: {"rouge": "..."}
nlohmann::ordered_json summary_signatures(bool stem = true);

/// sacrebleu's signature of each: {"bleu": "nrefs:1|...", ...}
nlohmann::ordered_json translation_signatures(const References& references, const TranslationOptions& options = {});

/// Both of these rows: the metrics of one, then of the other. Error mismatch unless they have as many rows.
ScorerPointer joined_scorer(ScorerPointer one, ScorerPointer other);

}  // namespace gptask
