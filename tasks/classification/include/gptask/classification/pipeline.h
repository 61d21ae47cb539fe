// A fine-tuned classifier in a program: load once, answer from any number of threads.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gptask/toolkit/loaded_task.h"

namespace gptask {

struct LabelAnswer {
  std::string label;       ///< the most probable one; "abstain" where it is less probable than the model answers at
  double probability = 0;  ///< of the most probable label; 0 for a number
  bool abstained = false;
  std::vector<std::string> labels;                            ///< where a row has several: those that hold
  double value = 0;                                           ///< where the answer is a number
  std::vector<std::pair<std::string, double>> probabilities;  ///< of every label, in the model's order
};

/// Copies share one model. Errors of load and predict are those of LoadedTask.
class Classifier {
 public:
  /// A folder that `gptask finetune classification` or `gptask merge` wrote.
  static Classifier load(const std::filesystem::path& folder, const LoadOptions& options = {});
  /// The same from file contents by name, for a program that carries its model inside.
  static Classifier load(const std::map<std::string, std::string>& files, const LoadOptions& options = {});

  /// One answer a text, in order. A pair is two texts separated by a tab. May be called from many threads at once.
  std::vector<LabelAnswer> predict(const std::vector<std::string>& texts) const;
  const std::vector<std::string>& labels() const noexcept;
  const LoadedTask& model() const noexcept { return *model_; }

 protected:
  explicit Classifier(std::shared_ptr<const LoadedTask> model) : model_(std::move(model)) {}

 private:
  std::shared_ptr<const LoadedTask> model_;
};

}  // namespace gptask
