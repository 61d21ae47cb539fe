// Outputs of the head -> answers and how good they are.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "gpt/core/error.h"
#include "gptask/classification/data.h"
#include "gptask/classification/task.h"
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

nlohmann::ordered_json ClassificationTask::scores(const Confusion& confusion) const {
  nlohmann::ordered_json scores;
  scores["accuracy"] = confusion.accuracy();
  if (labels_.size() == 2) {
    const LabelScores second = confusion.scores(1);
    scores["f1"] = second.f1;
    scores["precision"] = second.precision;
    scores["recall"] = second.recall;
  }
  scores["f1_macro"] = confusion.f1_macro();
  scores["f1_weighted"] = confusion.f1_weighted();
  scores["matthews_correlation"] = confusion.matthews();
  if (main_metric() == "combined_score" && labels_.size() == 2)
    scores["combined_score"] = (confusion.accuracy() + confusion.scores(1).f1) / 2;
  return scores;
}

gpt::Evaluation ClassificationTask::evaluate(const gpt::TaskData& data,
                                             std::span<const std::vector<float>> outputs) const {
  if (outputs.size() != data.examples.size())
    gpt::fail(gpt::ErrorCode::mismatch, "{} outputs for {} examples", outputs.size(), data.examples.size());
  const auto majority = static_cast<std::size_t>(
      std::distance(label_counts_.begin(), std::max_element(label_counts_.begin(), label_counts_.end())));
  Confusion confusion(labels_.size()), always_majority(labels_.size());
  std::vector<Prediction> predictions;
  std::string file = "index\tprediction\n";  // as run_glue.py and run_classification.py write it
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Prediction prediction = predict(outputs[i], labels_.size());
    predictions.push_back(prediction);
    const auto label = static_cast<std::size_t>(prediction.label);
    file += fmt::format("{}\t{}\n", i, labels_[label]);
    if (data.examples[i].target.label < 0) continue;
    const auto truth = static_cast<std::size_t>(data.examples[i].target.label);
    confusion.add(truth, label);
    always_majority.add(truth, majority);
  }
  gpt::Evaluation evaluation;
  evaluation.files.push_back({"predict_results.txt", std::move(file)});
  evaluation.details["labels"] = labels_;
  if (confusion.total() == 0) return evaluation;
  evaluation.metrics = scores(confusion);
  evaluation.baseline["name"] = fmt::format("always \"{}\", the most frequent label in training", labels_[majority]);
  evaluation.baseline.update(scores(always_majority));
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
