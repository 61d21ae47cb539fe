// The rows of a classification file: one text, or two that are compared, and a label.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"

namespace gptask {

/// examples[i].target.label is an index into *labels, or -1 where the row has none.
class ClassificationData : public gpt::TaskData {
 public:
  std::vector<std::string> texts;  ///< the input as it was tokenized, before it was cut
  std::shared_ptr<const std::vector<std::string>> labels = std::make_shared<std::vector<std::string>>();

  std::string text(std::size_t i) const override { return texts[i]; }
  std::string answer(std::size_t i) const override;
  std::unique_ptr<gpt::TaskData> take(std::span<const std::uint32_t> indices) const override;
};

}  // namespace gptask
