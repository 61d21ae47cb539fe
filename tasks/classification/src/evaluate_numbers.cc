// A number a row.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "answers.h"
#include "gptask/toolkit/scorers.h"

namespace gptask {

gpt::Evaluation evaluate_numbers(const Labels& labels, const gpt::TaskData& data,
                                 std::span<const std::vector<float>> outputs) {
  gpt::Evaluation evaluation;
  std::vector<double> truth, predicted;
  std::vector<std::size_t> scored;
  std::string file = "index\tprediction\n";
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    check_output(outputs[i], 1);
    file += fmt::format("{}\t{:.3f}\n", i, outputs[i][0]);  // as run_glue.py writes it
    if (data.examples[i].target.values.empty()) continue;
    truth.push_back(data.examples[i].target.values[0]);
    predicted.push_back(outputs[i][0]);
    scored.push_back(i);
  }
  evaluation.files.push_back({"predict_results.txt", std::move(file)});
  if (truth.empty()) return evaluation;
  std::vector<std::size_t> order(truth.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto error = [&](std::size_t i) { return std::abs(truth[i] - predicted[i]); };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return error(a) > error(b); });
  order.resize(std::min(order.size(), most_mistakes));
  auto mistakes = nlohmann::ordered_json::array();
  for (const std::size_t i : order) mistakes.push_back(mistake(data, scored[i], fmt::format("{:.4f}", predicted[i])));
  evaluation.details["mistakes"] = std::move(mistakes);
  const std::vector<double> mean(truth.size(), labels.mean());
  take_scorers(evaluation, number_scorer(truth, predicted),
               fmt::format("always {:.4g}, the mean of the training file", labels.mean()), number_scorer(truth, mean));
  return evaluation;
}

}  // namespace gptask
