#include "gptask/classification/pipeline.h"

#include "gptask/classification/task.h"
#include "gptask/toolkit/only_task.h"

namespace gptask {
namespace {

gpt::Registry own_task() { return only_task<ClassificationTask>("classification", 1); }

}  // namespace

Classifier Classifier::load(const std::filesystem::path& folder, const LoadOptions& options) {
  return Classifier(LoadedTask::load(folder, own_task(), options));
}

Classifier Classifier::load(const std::map<std::string, std::string>& files, const LoadOptions& options) {
  return Classifier(LoadedTask::load(files, own_task(), options));
}

std::vector<LabelAnswer> Classifier::predict(const std::vector<std::string>& texts) const {
  std::vector<LabelAnswer> answers;
  for (const nlohmann::ordered_json& record : model_->predict(texts)) {
    LabelAnswer answer;
    answer.label = record.at("label").get<std::string>();
    answer.probability = record.value("probability", 0.0);
    answer.abstained = record.contains("best_label");
    answer.labels = record.value("labels", std::vector<std::string>());
    answer.value = record.value("value", 0.0);
    if (const auto all = record.find("probabilities"); all != record.end())
      for (const auto& [label, probability] : all->items())
        answer.probabilities.emplace_back(label, probability.get<double>());
    answers.push_back(std::move(answer));
  }
  return answers;
}

const std::vector<std::string>& Classifier::labels() const noexcept {
  return static_cast<const ClassificationTask&>(model_->task()).labels();
}

}  // namespace gptask
