#include "gptask/qa/pipeline.h"

#include <algorithm>

#include "gptask/qa/task.h"
#include "gptask/toolkit/only_task.h"

namespace gptask {
namespace {

gpt::Registry own_task() { return only_task<QaTask>("qa", 1); }

}  // namespace

QuestionAnswering QuestionAnswering::load(const std::filesystem::path& folder, const LoadOptions& options) {
  return QuestionAnswering(LoadedTask::load(folder, own_task(), options));
}

QuestionAnswering QuestionAnswering::load(const std::map<std::string, std::string>& files, const LoadOptions& options) {
  return QuestionAnswering(LoadedTask::load(files, own_task(), options));
}

std::vector<PassageAnswer> QuestionAnswering::answer(const std::vector<PassageQuestion>& questions) const {
  std::vector<std::string> texts;
  for (const PassageQuestion& question : questions) {
    std::string text = question.question;
    std::replace(text.begin(), text.end(), '\t', ' ');
    texts.push_back(text + "\t" + question.passage);
  }
  std::vector<PassageAnswer> answers;
  for (const nlohmann::ordered_json& record : model_->predict(texts))
    answers.push_back({record.at("answer").get<std::string>(), record.at("start").get<std::uint32_t>(),
                       record.at("end").get<std::uint32_t>(), record.at("probability").get<double>()});
  return answers;
}

}  // namespace gptask
