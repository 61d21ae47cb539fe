// Answers from passages in a program: load once, ask from any number of threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gptask/toolkit/loaded_task.h"

namespace gptask {

struct PassageAnswer {
  std::string answer;                ///< "" that the passage holds none (models of SQuAD 2.0)
  std::uint32_t start = 0, end = 0;  ///< of it in the passage, in code points
  double probability = 0;
};

struct PassageQuestion {
  std::string question, passage;
};

/// Copies share one model. Errors of load and answer are those of LoadedTask.
class QuestionAnswering {
 public:
  /// A folder that `gptask finetune qa` or `gptask merge` wrote.
  static QuestionAnswering load(const std::filesystem::path& folder, const LoadOptions& options = {});
  static QuestionAnswering load(const std::map<std::string, std::string>& files, const LoadOptions& options = {});

  /// One answer a question, in order. A tab in a question counts as a space.
  std::vector<PassageAnswer> answer(const std::vector<PassageQuestion>& questions) const;
  const LoadedTask& model() const noexcept { return *model_; }

 private:
  explicit QuestionAnswering(std::shared_ptr<const LoadedTask> model) : model_(std::move(model)) {}
  std::shared_ptr<const LoadedTask> model_;
};

}  // namespace gptask
