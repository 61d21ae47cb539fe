#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"
#include "gptask/multiple_choice/task.h"
#include "gptask/toolkit/scorers.h"
#include "gptask/toolkit/utf8.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;

/// The scores of the choices that an example has.
std::vector<double> scores_of(const ChoiceData& data, std::size_t i, std::span<const float> output) {
  const std::size_t count = data.examples[i].starts.size() + 1;
  if (output.size() < count) gpt::fail(gpt::ErrorCode::mismatch, "{} scores for {} choices", output.size(), count);
  return {output.begin(), output.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::vector<double> softmax(std::vector<double> scores) {
  const double top = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - top);
  for (double& score : scores) score /= sum;
  return scores;
}

std::int32_t best(const std::vector<double>& scores) {
  return static_cast<std::int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

double characters(const std::string& text) { return static_cast<double>(utf8_length(text)); }

std::vector<double> by_length(std::vector<double> scores, const std::vector<std::string>& choices) {
  for (std::size_t c = 0; c < scores.size(); ++c) scores[c] /= std::max(1.0, characters(choices[c]));
  return scores;
}

}  // namespace

gpt::Evaluation MultipleChoiceTask::evaluate(const gpt::TaskData& any,
                                             std::span<const std::vector<float>> outputs) const {
  const auto& data = static_cast<const ChoiceData&>(any);
  if (outputs.size() != data.examples.size())
    gpt::fail(gpt::ErrorCode::mismatch, "{} outputs for {} examples", outputs.size(), data.examples.size());
  const bool likelihood = scoring_ == ChoiceScoring::likelihood;
  gpt::Evaluation evaluation;
  std::vector<std::int32_t> truth, chosen, chosen_norm, longest;
  std::vector<std::int64_t> right_at(static_cast<std::size_t>(std::max<std::int64_t>(most_choices_, 1)));
  std::string file = "index\tprediction\n";
  Json mistakes = Json::array();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::vector<double> scores = scores_of(data, i, outputs[i]);
    const std::int32_t answer = best(scores), label = data.examples[i].target.label;
    file += fmt::format("{}\t{}\n", i, answer);
    if (label < 0) continue;
    const std::vector<double> probabilities = softmax(scores);
    truth.push_back(label);
    chosen.push_back(answer);
    const std::vector<std::string> choices = data.choices(i);
    if (likelihood) chosen_norm.push_back(best(by_length(scores, choices)));
    std::vector<double> lengths;
    for (const std::string& choice : choices) lengths.push_back(characters(choice));
    longest.push_back(best(lengths));
    ++right_at[static_cast<std::size_t>(label)];
    evaluation.rows.push_back(
        {{"row", data.rows[i]}, {"label", answer}, {"truth", label}, {"scores", scores}, {"correct", answer == label}});
    if (answer != label && mistakes.size() < 20)
      mistakes.push_back({{"row", data.rows[i]},
                          {"text", data.question(i)},
                          {"truth", data.answer(i)},
                          {"answer", choices[static_cast<std::size_t>(answer)]},
                          {"probability", probabilities[static_cast<std::size_t>(answer)]}});
  }
  evaluation.files.push_back({"predict_results.txt", std::move(file)});
  if (truth.empty()) return evaluation;
  evaluation.details["mistakes"] = std::move(mistakes);
  const auto place = static_cast<std::int32_t>(std::max_element(right_at.begin(), right_at.end()) - right_at.begin());
  evaluation.baselines.push_back({fmt::format("always choice {}, the most frequent here", place + 1),
                                  choice_scorer(truth, std::vector<std::int32_t>(truth.size(), place))});
  evaluation.baselines.push_back({"the longest choice", choice_scorer(truth, longest)});
  evaluation.scorer = choice_scorer(truth, chosen, chosen_norm);
  evaluation.metrics = evaluation.scorer->all();
  evaluation.baseline["name"] = evaluation.baselines.front().name;
  evaluation.baseline.update(evaluation.baselines.front().scorer->all());
  return evaluation;
}

Json MultipleChoiceTask::answer(const gpt::TaskData& any, std::size_t i, std::span<const float> output) const {
  const auto& data = static_cast<const ChoiceData&>(any);
  const std::vector<double> scores = scores_of(data, i, output), probabilities = softmax(scores);
  const auto chosen = static_cast<std::size_t>(best(scores));
  return {{"label", chosen},
          {"answer", data.choices(i).at(chosen)},
          {"probability", probabilities[chosen]},
          {"probabilities", probabilities}};
}

}  // namespace gptask
