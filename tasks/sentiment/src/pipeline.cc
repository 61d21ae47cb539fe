#include "gptask/sentiment/pipeline.h"

#include "gptask/sentiment/task.h"
#include "gptask/toolkit/only_task.h"

namespace gptask {
namespace {

gpt::Registry own_task() { return only_task<SentimentTask>("sentiment", 1); }

}  // namespace

Sentiment Sentiment::load(const std::filesystem::path& folder, const LoadOptions& options) {
  return Sentiment(LoadedTask::load(folder, own_task(), options));
}

Sentiment Sentiment::load(const std::map<std::string, std::string>& files, const LoadOptions& options) {
  return Sentiment(LoadedTask::load(files, own_task(), options));
}

}  // namespace gptask
