#include "gptask/multiple_choice/pipeline.h"

#include <algorithm>

#include "gptask/multiple_choice/task.h"
#include "gptask/toolkit/only_task.h"

namespace gptask {
namespace {

gpt::Registry own_task() { return only_task<MultipleChoiceTask>("multiple-choice", 1); }

std::string without_tabs(std::string text) {
  std::replace(text.begin(), text.end(), '\t', ' ');
  return text;
}

}  // namespace

MultipleChoice MultipleChoice::load(const std::filesystem::path& folder, const LoadOptions& options) {
  return MultipleChoice(LoadedTask::load(folder, own_task(), options));
}

MultipleChoice MultipleChoice::load(const std::map<std::string, std::string>& files, const LoadOptions& options) {
  return MultipleChoice(LoadedTask::load(files, own_task(), options));
}

std::vector<ChosenAnswer> MultipleChoice::choose(const std::vector<ChoiceQuestion>& questions) const {
  std::vector<std::string> texts;
  for (const ChoiceQuestion& question : questions) {
    std::string& text = texts.emplace_back(without_tabs(question.question));
    for (const std::string& choice : question.choices) text += "\t" + without_tabs(choice);
  }
  std::vector<ChosenAnswer> answers;
  for (const nlohmann::ordered_json& record : model_->predict(texts))
    answers.push_back({record.at("label").get<std::size_t>(), record.at("probabilities").get<std::vector<double>>()});
  return answers;
}

}  // namespace gptask
