// Any number of labels a row.
#include <fmt/format.h>

#include <algorithm>

#include "answers.h"
#include "gptask/toolkit/scorers.h"

namespace gptask {
namespace {

using Flags = std::vector<bool>;

Flags held(const gpt::Target& target) {
  Flags flags;
  for (const float value : target.values) flags.push_back(value == 1.0F);
  return flags;
}

Flags predicted_labels(const nlohmann::ordered_json& answer, const std::vector<std::string>& names) {
  const auto labels = answer.at("labels").get<std::vector<std::string>>();
  Flags flags;
  for (const std::string& name : names) flags.push_back(std::find(labels.begin(), labels.end(), name) != labels.end());
  return flags;
}

/// Labels that more than half of the training rows have; where there is none, the most frequent one.
Flags usual_labels(const Labels& labels) {
  Flags flags;
  for (const std::int64_t count : labels.counts()) flags.push_back(2 * count > labels.rows());
  if (std::find(flags.begin(), flags.end(), true) == flags.end())
    flags[static_cast<std::size_t>(std::max_element(labels.counts().begin(), labels.counts().end()) -
                                   labels.counts().begin())] = true;
  return flags;
}

nlohmann::ordered_json per_label(const std::vector<std::string>& names, const std::vector<Flags>& truth,
                                 const std::vector<Flags>& predicted) {
  auto list = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < names.size(); ++i) {
    Confusion confusion(2);
    for (std::size_t row = 0; row < truth.size(); ++row)
      confusion.add(truth[row][i] ? 1 : 0, predicted[row][i] ? 1 : 0);
    list.push_back(label_row(names[i], confusion.scores(1)));
  }
  return list;
}

}  // namespace

gpt::Evaluation evaluate_multi(const Labels& labels, const AnswerOptions& options, const gpt::TaskData& data,
                               std::span<const std::vector<float>> outputs) {
  gpt::Evaluation evaluation;
  std::vector<Flags> truth, predicted;
  auto mistakes = nlohmann::ordered_json::array();
  std::string file = "index\tprediction\n";
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const nlohmann::ordered_json answer = make_answer(labels, options, outputs[i]);
    const std::string shown = answer.at("label").get<std::string>();
    file += fmt::format("{}\t{}\n", i, nlohmann::ordered_json(answer.at("labels")).dump());
    if (data.examples[i].target.values.empty()) continue;
    truth.push_back(held(data.examples[i].target));
    predicted.push_back(predicted_labels(answer, labels.names()));
    if (truth.back() != predicted.back() && mistakes.size() < most_mistakes)
      mistakes.push_back(mistake(data, i, shown));
  }
  evaluation.files.push_back({"predict_results.txt", std::move(file)});
  evaluation.details["labels"] = labels.names();
  if (truth.empty()) return evaluation;
  const Flags usual = usual_labels(labels);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < usual.size(); ++i)
    if (usual[i]) names.push_back(labels.names()[i]);
  evaluation.details["per_label"] = per_label(labels.names(), truth, predicted);
  evaluation.details["mistakes"] = std::move(mistakes);
  take_scorers(evaluation, multi_label_scorer(truth, predicted),
               fmt::format("always \"{}\", the most frequent in training", fmt::join(names, ", ")),
               multi_label_scorer(truth, std::vector<Flags>(truth.size(), usual)));
  return evaluation;
}

}  // namespace gptask
