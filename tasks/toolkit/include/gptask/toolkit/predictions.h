// Scoring predictions that any system made, without a model.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gptask/toolkit/bootstrap.h"
#include "gptask/toolkit/evaluation_table.h"
#include "gptask/toolkit/observer.h"
#include "gptask/toolkit/row_reader.h"
#include "gptask/toolkit/scorers.h"

namespace gptask {

struct PredictionRequest {
  std::string task;                                ///< one of prediction_tasks()
  std::vector<std::filesystem::path> predictions;  ///< a file a system
  std::vector<std::filesystem::path> references;   ///< one file; of summaries and translations also a file a reference
  std::filesystem::path source;                    ///< what was summarized or translated, for the trivial answers
  std::filesystem::path output_dir;                ///< may be empty: nothing is written
  bool overwrite = false;

  ReadOptions format;             ///< of all files
  std::string prediction_column;  ///< this and the next: empty for usual names
  std::vector<std::string> reference_columns;
  std::string source_column;
  std::string id_column;              ///< in predictions and references: rows are matched by it, not by their order
  std::string score_column;           ///< of labels: how sure the system is of the second of two, for ROC AUC
  std::string label_separator = ",";  ///< of multi-label: between the labels of a row
  bool unescape = false;              ///< \n in a text is a line end, as generated_predictions files have it

  bool stem = true;  ///< ROUGE
  TranslationOptions translation;
  std::optional<bool> version2;                        ///< SQuAD 2.0; the file tells if left open
  std::vector<std::filesystem::path> no_answer_files;  ///< {id: score that there is no answer}, a file a system
  double no_answer_threshold = 1.0;

  BootstrapOptions bootstrap;
  PairedOptions paired;
};

/// classification, sentiment, multi-label, regression, qa, summarization, translation, multiple-choice
const std::vector<std::string>& prediction_tasks();

/// Scores every file, with the trivial answers that the references (and sources) allow. With an output_dir it writes
/// evaluation.txt, .csv and .json, report.html, and a file of examples (JSON lines) a system. Errors: invalid_option;
/// mismatch where predictions and references do not fit together, naming file and row or id; what reading throws.
EvaluationTable evaluate_predictions(const PredictionRequest& request, Observer& observer);

}  // namespace gptask
