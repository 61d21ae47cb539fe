// The best of several choices in a program: load once, ask from any number of threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gptask/toolkit/loaded_task.h"

namespace gptask {

struct ChoiceQuestion {
  std::string question;
  std::vector<std::string> choices;
};

struct ChosenAnswer {
  std::size_t choice = 0;             ///< from 0
  std::vector<double> probabilities;  ///< of each choice
};

/// Copies share one model. Errors of load and choose are those of LoadedTask.
class MultipleChoice {
 public:
  /// A folder that `gptask finetune multiple-choice` or `gptask merge` wrote; or any model, with LoadOptions::untuned
  /// "multiple-choice": the likelihood of each choice decides.
  static MultipleChoice load(const std::filesystem::path& folder, const LoadOptions& options = {});
  static MultipleChoice load(const std::map<std::string, std::string>& files, const LoadOptions& options = {});

  /// One answer a question, in order. A tab in a text counts as a space.
  std::vector<ChosenAnswer> choose(const std::vector<ChoiceQuestion>& questions) const;
  const LoadedTask& model() const noexcept { return *model_; }

 private:
  explicit MultipleChoice(std::shared_ptr<const LoadedTask> model) : model_(std::move(model)) {}
  std::shared_ptr<const LoadedTask> model_;
};

}  // namespace gptask
