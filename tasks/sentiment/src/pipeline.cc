#include "gptask/sentiment/pipeline.h"

#include "gpt/plugin/registry.h"
#include "gptask/sentiment/task.h"

namespace gptask {
namespace {

gpt::Registry own_task() {
  gpt::Registrar registrar;
  registrar.task<SentimentTask>("sentiment", 1);
  gpt::Registry registry;
  registry.add(std::move(registrar), {});
  return registry;
}

}  // namespace

Sentiment Sentiment::load(const std::filesystem::path& folder, const LoadOptions& options) {
  return Sentiment(LoadedTask::load(folder, own_task(), options));
}

Sentiment Sentiment::load(const std::map<std::string, std::string>& files, const LoadOptions& options) {
  return Sentiment(LoadedTask::load(files, own_task(), options));
}

}  // namespace gptask
