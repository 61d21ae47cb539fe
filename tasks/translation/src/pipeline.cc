#include "gptask/translation/pipeline.h"

#include "gptask/toolkit/only_task.h"
#include "gptask/translation/task.h"

namespace gptask {
namespace {

gpt::Registry own_task() { return only_task<TranslationTask>("translation", 1); }

}  // namespace

Translator Translator::load(const std::filesystem::path& folder, const LoadOptions& options) {
  return Translator(LoadedTask::load(folder, own_task(), options));
}

Translator Translator::load(const std::map<std::string, std::string>& files, const LoadOptions& options) {
  return Translator(LoadedTask::load(files, own_task(), options));
}

std::vector<std::string> Translator::translate(const std::vector<std::string>& texts) const {
  std::vector<std::string> written;
  for (const nlohmann::ordered_json& record : model_->predict(texts)) written.push_back(record.at("answer"));
  return written;
}

}  // namespace gptask
