// The rows of a classification file: one text, or two that are compared, and an answer.
#pragma once

#include <memory>
#include <string>

#include "gpt/plugin/task.h"
#include "gptask/classification/labels.h"
#include "gptask/toolkit/row_texts.h"

namespace gptask {

/// Targets are as *labels says: an index, a 0 or 1 for each label, or a number; unknown where a row has no answer.
class ClassificationData : public gpt::TaskData {
 public:
  std::shared_ptr<const Labels> labels = std::make_shared<Labels>();
  RowTexts texts;  ///< of each example the input before it was cut

  std::string text(std::size_t i) const override { return texts[i].front(); }
  std::string answer(std::size_t i) const override { return labels->shown(examples[i].target); }
  std::unique_ptr<gpt::TaskData> take(std::span<const std::uint32_t> indices) const override;
};

}  // namespace gptask
