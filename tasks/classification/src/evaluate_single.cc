// One label a row: metrics, confusion, mistakes, and how far probabilities can be believed.
#include <fmt/format.h>

#include <algorithm>

#include "answers.h"
#include "gptask/toolkit/calibration.h"
#include "gptask/toolkit/scorers.h"

namespace gptask {
namespace {

struct Prediction {
  std::int32_t label = 0;
  double probability = 0, uncalibrated = 0;
};

Prediction predict(std::span<const float> output, std::size_t labels, double temperature) {
  check_output(output, labels);
  const std::vector<double> probabilities = softmax(output, temperature);
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  const auto label = static_cast<std::size_t>(best - probabilities.begin());
  return {static_cast<std::int32_t>(label), *best, softmax(output, 1)[label]};
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
    list.push_back(mistake(data, i, labels[static_cast<std::size_t>(predictions[i].label)]));
    list.back()["probability"] = predictions[i].probability;
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
    list.push_back(label_row(labels[i], confusion.scores(i)));
  }
  return list;
}

}  // namespace

gpt::Evaluation evaluate_single(const Labels& labels, const AnswerOptions& options, const gpt::TaskData& data,
                                std::span<const std::vector<float>> outputs) {
  const std::vector<std::string>& names = labels.names();
  const auto majority = static_cast<std::size_t>(
      std::distance(labels.counts().begin(), std::max_element(labels.counts().begin(), labels.counts().end())));
  std::vector<std::int32_t> truth, predicted;  // of the rows that have an answer
  std::vector<Confidence> confidences;
  std::vector<Prediction> predictions;
  std::string file = "index\tprediction\n";  // as run_glue.py and run_classification.py write it
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Prediction p = predict(outputs[i], names.size(), options.temperature);
    predictions.push_back(p);
    const bool abstains = p.probability < options.abstain_below;
    file += fmt::format("{}\t{}\n", i, abstains ? abstain_label : names[static_cast<std::size_t>(p.label)]);
    const std::int32_t label = data.examples[i].target.label;
    if (label < 0) continue;
    truth.push_back(label);
    predicted.push_back(p.label);
    confidences.push_back({p.probability, p.uncalibrated, p.label == label});
  }
  gpt::Evaluation evaluation;
  evaluation.files.push_back({"predict_results.txt", std::move(file)});
  evaluation.details["labels"] = names;
  if (truth.empty()) return evaluation;
  const Confusion confusion(names.size(), truth, predicted);
  evaluation.details["confusion"] = confusion_rows(confusion);
  evaluation.details["per_label"] = per_label(confusion, names);
  evaluation.details["mistakes"] = list_mistakes(data, predictions, names);
  const std::vector<std::int32_t> majorities(truth.size(), static_cast<std::int32_t>(majority));
  ScorerPointer baseline = label_scorer(names.size(), truth, majorities, options.combined);
  ScorerPointer scorer = label_scorer(names.size(), std::move(truth), std::move(predicted), options.combined);
  if (options.confidences)
    scorer = joined_scorer(std::move(scorer), confidence_scorer(std::move(confidences), options.abstain_below));
  take_scorers(evaluation, std::move(scorer),
               fmt::format("always \"{}\", the most frequent label in training", names[majority]), std::move(baseline));
  return evaluation;
}

}  // namespace gptask
