#include "answers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gpt/core/error.h"
#include "gptask/toolkit/utf8.h"

namespace gptask {
namespace {

constexpr std::size_t longest_mistake = 1000;

}  // namespace

/// softmax(z)_i = exp(z_i - max z) / sum_j exp(z_j - max z)
std::vector<double> softmax(std::span<const float> output, double temperature) {
  const double largest = *std::max_element(output.begin(), output.end());
  std::vector<double> probabilities(output.size());
  std::transform(output.begin(), output.end(), probabilities.begin(),
                 [&](float z) { return std::exp((double{z} - largest) / temperature); });
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

void check_output(std::span<const float> output, std::size_t labels) {
  if (output.size() != labels || labels == 0)
    gpt::fail(gpt::ErrorCode::mismatch, "the head gave {} values for {} labels; do the weights belong to this task?",
              output.size(), labels);
}

nlohmann::ordered_json make_answer(const Labels& labels, const AnswerOptions& options, std::span<const float> output) {
  const std::vector<std::string>& names = labels.names();
  check_output(output, names.size());
  if (labels.problem == Problem::regression) return {{"label", fmt::format("{:.4f}", output[0])}, {"value", output[0]}};
  const bool single = labels.problem == Problem::single_label;
  std::vector<double> probabilities;
  if (single)
    probabilities = softmax(output, options.temperature);
  else
    for (const float z : output) probabilities.push_back(1 / (1 + std::exp(-double{z})));
  const auto best = static_cast<std::size_t>(
      std::distance(probabilities.begin(), std::max_element(probabilities.begin(), probabilities.end())));
  nlohmann::ordered_json answer{{"label", names[best]}, {"probability", probabilities[best]}};
  if (!single) {
    std::vector<std::string> held;
    for (std::size_t i = 0; i < names.size(); ++i)
      if (probabilities[i] >= options.label_threshold) held.push_back(names[i]);
    answer["label"] = fmt::format("{}", fmt::join(held, ", "));
    answer["labels"] = held;
  } else if (probabilities[best] < options.abstain_below) {
    answer["label"] = abstain_label;
    answer["best_label"] = names[best];
  }
  for (std::size_t i = 0; i < names.size(); ++i) answer["probabilities"][names[i]] = probabilities[i];
  return answer;
}

void take_scorers(gpt::Evaluation& evaluation, std::shared_ptr<const gpt::Scorer> scorer, std::string baseline_name,
                  std::shared_ptr<const gpt::Scorer> baseline) {
  evaluation.scorer = std::move(scorer);
  evaluation.metrics = evaluation.scorer->all();
  evaluation.baselines.push_back({std::move(baseline_name), std::move(baseline)});
  evaluation.baseline["name"] = evaluation.baselines[0].name;
  evaluation.baseline.update(evaluation.baselines[0].scorer->all());
}

nlohmann::ordered_json mistake(const gpt::TaskData& data, std::size_t i, const std::string& answer) {
  std::string text = data.text(i);
  text.resize(utf8_cut(text, longest_mistake));
  return {{"row", data.rows[i]}, {"text", text}, {"truth", data.answer(i)}, {"answer", answer}};
}

nlohmann::ordered_json label_row(const std::string& label, const LabelScores& scores) {
  return {{"label", label},
          {"precision", scores.precision},
          {"recall", scores.recall},
          {"f1", scores.f1},
          {"support", scores.support}};
}

}  // namespace gptask
