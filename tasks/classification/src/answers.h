// Outputs of the head -> answers and how good they are, for each kind of problem.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/classification/labels.h"
#include "gptask/toolkit/label_metrics.h"

namespace gptask {

/// What turns outputs into answers besides the labels.
struct AnswerOptions {
  double temperature = 1;      ///< of the softmax
  double abstain_below = 0;    ///< a probability below it is no answer
  double label_threshold = 0;  ///< several labels: one holds from this probability on
  bool combined = false;       ///< accuracy and F1 in one figure (MRPC and QQP of GLUE)
  bool confidences = false;    ///< show how far probabilities can be believed
};

inline constexpr const char* abstain_label = "abstain";

/// softmax(output / temperature)
std::vector<double> softmax(std::span<const float> output, double temperature);

/// Error mismatch unless there is an output for each label.
void check_output(std::span<const float> output, std::size_t labels);

/// {"label", "probability", "probabilities"}; several labels: "label" has them with commas, "labels" as a list;
/// regression: {"label", "value"}. Where the model abstains "label" says so and "best_label" what it would have been.
nlohmann::ordered_json make_answer(const Labels& labels, const AnswerOptions& options, std::span<const float> output);

gpt::Evaluation evaluate_single(const Labels& labels, const AnswerOptions& options, const gpt::TaskData& data,
                                std::span<const std::vector<float>> outputs);
gpt::Evaluation evaluate_multi(const Labels& labels, const AnswerOptions& options, const gpt::TaskData& data,
                               std::span<const std::vector<float>> outputs);
gpt::Evaluation evaluate_numbers(const Labels& labels, const gpt::TaskData& data,
                                 std::span<const std::vector<float>> outputs);

/// Scores, baseline and metrics of an evaluation whose scorers are given.
void take_scorers(gpt::Evaluation& evaluation, std::shared_ptr<const gpt::Scorer> scorer, std::string baseline_name,
                  std::shared_ptr<const gpt::Scorer> baseline);

/// A record of the list of mistakes: row, text (cut), truth, answer.
nlohmann::ordered_json mistake(const gpt::TaskData& data, std::size_t i, const std::string& answer);
inline constexpr std::size_t most_mistakes = 20;

/// A label's row of the report: label, precision, recall, f1, support.
nlohmann::ordered_json label_row(const std::string& label, const LabelScores& scores);

}  // namespace gptask
