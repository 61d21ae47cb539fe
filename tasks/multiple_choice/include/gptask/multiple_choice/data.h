// Questions with choices.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/toolkit/row_texts.h"

namespace gptask {

/// examples[i] holds a sequence a choice, "question choice" each; target.label is the right one, -1 unknown;
/// target.loss_from is where the choice begins.
class ChoiceData : public gpt::TaskData {
 public:
  RowTexts texts;  ///< the question as the model reads it, then the choices

  std::string question(std::size_t i) const { return texts[i].front(); }
  std::vector<std::string> choices(std::size_t i) const;
  std::string text(std::size_t i) const override;
  std::string answer(std::size_t i) const override;
  std::unique_ptr<gpt::TaskData> take(std::span<const std::uint32_t> indices) const override;
};

}  // namespace gptask
