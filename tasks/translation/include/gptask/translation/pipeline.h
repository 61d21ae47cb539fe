// Translations in a program: load once, call from any number of threads.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gptask/toolkit/loaded_task.h"

namespace gptask {

/// Copies share one model. Errors of load and translate are those of LoadedTask.
class Translator {
 public:
  /// A folder that `gptask finetune translation` or `gptask merge` wrote.
  static Translator load(const std::filesystem::path& folder, const LoadOptions& options = {});
  static Translator load(const std::map<std::string, std::string>& files, const LoadOptions& options = {});

  /// One translation a text, in order.
  std::vector<std::string> translate(const std::vector<std::string>& texts) const;
  const LoadedTask& model() const noexcept { return *model_; }

 private:
  explicit Translator(std::shared_ptr<const LoadedTask> model) : model_(std::move(model)) {}
  std::shared_ptr<const LoadedTask> model_;
};

}  // namespace gptask
