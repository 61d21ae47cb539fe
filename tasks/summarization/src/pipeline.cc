#include "gptask/summarization/pipeline.h"

#include "gptask/summarization/task.h"
#include "gptask/toolkit/only_task.h"

namespace gptask {
namespace {

gpt::Registry own_task() { return only_task<SummarizationTask>("summarization", 1); }

}  // namespace

Summarizer Summarizer::load(const std::filesystem::path& folder, const LoadOptions& options) {
  return Summarizer(LoadedTask::load(folder, own_task(), options));
}

Summarizer Summarizer::load(const std::map<std::string, std::string>& files, const LoadOptions& options) {
  return Summarizer(LoadedTask::load(files, own_task(), options));
}

std::vector<std::string> Summarizer::summarize(const std::vector<std::string>& texts) const {
  std::vector<std::string> written;
  for (const nlohmann::ordered_json& record : model_->predict(texts)) written.push_back(record.at("answer"));
  return written;
}

}  // namespace gptask
