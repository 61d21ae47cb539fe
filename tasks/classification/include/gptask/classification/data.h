// The rows of a classification file: one text, or two that are compared, and an answer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/classification/labels.h"

namespace gptask {

/// Targets are as *labels says: an index, a 0 or 1 for each label, or a number; unknown where a row has no answer.
class ClassificationData : public gpt::TaskData {
 public:
  std::shared_ptr<const Labels> labels = std::make_shared<Labels>();

  /// The input before it was cut; a text beyond the limit is not kept and shows as its place: "(row 7 of a.csv)".
  void add_text(std::string text, std::size_t most_bytes);
  std::string text(std::size_t i) const override;
  std::string answer(std::size_t i) const override { return labels->shown(examples[i].target); }
  std::unique_ptr<gpt::TaskData> take(std::span<const std::uint32_t> indices) const override;

 private:
  std::vector<std::string> texts_;  ///< a NUL byte, which no text has: not kept
  std::size_t bytes_ = 0;
};

}  // namespace gptask
