// Summaries in a program: load once, call from any number of threads.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gptask/toolkit/loaded_task.h"

namespace gptask {

/// Copies share one model. Errors of load and summarize are those of LoadedTask.
class Summarizer {
 public:
  /// A folder that `gptask finetune summarization` or `gptask merge` wrote.
  static Summarizer load(const std::filesystem::path& folder, const LoadOptions& options = {});
  static Summarizer load(const std::map<std::string, std::string>& files, const LoadOptions& options = {});

  /// One summary a text, in order.
  std::vector<std::string> summarize(const std::vector<std::string>& texts) const;
  const LoadedTask& model() const noexcept { return *model_; }

 private:
  explicit Summarizer(std::shared_ptr<const LoadedTask> model) : model_(std::move(model)) {}
  std::shared_ptr<const LoadedTask> model_;
};

}  // namespace gptask
