// Outputs of the head -> answers and how good they are.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "gpt/core/error.h"
#include "gptask/classification/data.h"
#include "gptask/classification/task.h"
#include "gptask/toolkit/scorers.h"
#include "gptask/toolkit/utf8.h"

namespace gptask {
namespace {

constexpr std::size_t most_mistakes = 20, longest_mistake = 1000;

/// softmax(z)_i = exp(z_i - max z) / sum_j exp(z_j - max z)
std::vector<double> softmax(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> probabilities(logits.size());
  std::transform(logits.begin(), logits.end(), probabilities.begin(),
                 [&](float z) { return std::exp(double{z} - largest); });
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

void check_output(std::span<const float> output, std::size_t labels) {
  if (output.size() != labels || labels == 0)
    gpt::fail(gpt::ErrorCode::mismatch, "the head gave {} values for {} labels; do the weights belong to this task?",
              output.size(), labels);
}

struct Prediction {
  std::int32_t label = 0;
  double probability = 0;
};

Prediction predict(std::span<const float> output, std::size_t labels) {
  check_output(output, labels);
  const std::vector<double> probabilities = softmax(output);
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  return {static_cast<std::int32_t>(best - probabilities.begin()), *best};
}

/// The wrong answers that the model was surest of.
nlohmann::ordered_json list_mistakes(const gpt::TaskData& data, const std::vector<Prediction>& predictions,
                                     const std::vector<std::string>& labels) {
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const std::int32_t truth = data.examples[i].target.label;
    if (truth >= 0 && truth != predictions[i].label) wrong.push_back(i);
  }
  std::stable_sort(wrong.begin(), wrong.end(), [&](std::size_t a, std::size_t b) {
    return predictions[a].probability > predictions[b].probability;
  });
  wrong.resize(std::min(wrong.size(), most_mistakes));
  auto list = nlohmann::ordered_json::array();
  for (const std::size_t i : wrong) {
    std::string text = data.text(i);
    text.resize(utf8_cut(text, longest_mistake));
    list.push_back({{"row", data.rows[i]},
                    {"text", text},
                    {"truth", data.answer(i)},
                    {"answer", labels[static_cast<std::size_t>(predictions[i].label)]},
                    {"probability", predictions[i].probability}});
  }
  return list;
}

nlohmann::ordered_json confusion_rows(const Confusion& confusion) {
  auto rows = nlohmann::ordered_json::array();
  for (std::size_t truth = 0; truth < confusion.labels(); ++truth) {
    auto row = nlohmann::ordered_json::array();
    for (std::size_t predicted = 0; predicted < confusion.labels(); ++predicted)
      row.push_back(confusion.count(truth, predicted));
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::ordered_json per_label(const Confusion& confusion, const std::vector<std::string>& labels) {
  auto list = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const LabelScores scores = confusion.scores(i);
    list.push_back({{"label", labels[i]},
                    {"precision", scores.precision},
                    {"recall", scores.recall},
                    {"f1", scores.f1},
                    {"support", scores.support}});
  }
  return list;
}

}  // namespace

gpt::Evaluation ClassificationTask::evaluate(const gpt::TaskData& data,
                                             std::span<const std::vector<float>> outputs) const {
  if (outputs.size() != data.examples.size())
    gpt::fail(gpt::ErrorCode::mismatch, "{} outputs for {} examples", outputs.size(), data.examples.size());
  const auto majority = static_cast<std::size_t>(
      std::distance(label_counts_.begin(), std::max_element(label_counts_.begin(), label_counts_.end())));
  std::vector<std::int32_t> truth, predicted;  // of the rows that have an answer
  std::vector<Prediction> predictions;
  std::string file = "index\tprediction\n";  // as run_glue.py and run_classification.py write it
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    predictions.push_back(predict(outputs[i], labels_.size()));
    file += fmt::format("{}\t{}\n", i, labels_[static_cast<std::size_t>(predictions[i].label)]);
    if (data.examples[i].target.label < 0) continue;
    truth.push_back(data.examples[i].target.label);
    predicted.push_back(predictions[i].label);
  }
  gpt::Evaluation evaluation;
  evaluation.files.push_back({"predict_results.txt", std::move(file)});
  evaluation.details["labels"] = labels_;
  if (truth.empty()) return evaluation;
  const bool combined = main_metric() == "combined_score";
  const Confusion confusion(labels_.size(), truth, predicted);
  const std::vector<std::int32_t> majorities(truth.size(), static_cast<std::int32_t>(majority));
  evaluation.baselines.push_back({fmt::format("always \"{}\", the most frequent label in training", labels_[majority]),
                                  label_scorer(labels_.size(), truth, majorities, combined)});
  evaluation.scorer = label_scorer(labels_.size(), std::move(truth), std::move(predicted), combined);
  evaluation.metrics = evaluation.scorer->all();
  evaluation.baseline["name"] = evaluation.baselines[0].name;
  evaluation.baseline.update(evaluation.baselines[0].scorer->all());
  evaluation.details["confusion"] = confusion_rows(confusion);
  evaluation.details["per_label"] = per_label(confusion, labels_);
  evaluation.details["mistakes"] = list_mistakes(data, predictions, labels_);
  return evaluation;
}

nlohmann::ordered_json ClassificationTask::answer(const gpt::TaskData&, std::size_t,
                                                  std::span<const float> output) const {
  check_output(output, labels_.size());
  const std::vector<double> probabilities = softmax(output);
  const auto best = static_cast<std::size_t>(
      std::distance(probabilities.begin(), std::max_element(probabilities.begin(), probabilities.end())));
  nlohmann::ordered_json answer{{"label", labels_[best]}, {"probability", probabilities[best]}};
  for (std::size_t i = 0; i < labels_.size(); ++i) answer["probabilities"][labels_[i]] = probabilities[i];
  return answer;
}

}  // namespace gptask
