// Texts and the texts that are to be written for them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/text_to_text/prompt.h"
#include "gptask/toolkit/row_texts.h"

namespace gptask {

/// examples[i]: the prompt, and from Target::loss_from on the first reference, where there is one.
class TextData : public gpt::TaskData {
 public:
  TextData(Prompt prompt, std::string source_name) : prompt_(std::move(prompt)) { source = std::move(source_name); }

  /// Builds an example and keeps its texts; `references` may be empty: unknown.
  void add_texts(const std::string& text, const std::vector<std::string>& references, std::uint64_t row);

  /// The source as the file has it.
  std::string source_text(std::size_t i) const { return texts_[i].front(); }
  std::vector<std::string> references(std::size_t i) const;
  const gpt::Tokenizer& tokenizer() const noexcept { return prompt_.tokenizer(); }

  /// What the model reads, before it is cut.
  std::string text(std::size_t i) const override { return prompt_.text(source_text(i)); }
  std::string answer(std::size_t i) const override;
  std::unique_ptr<gpt::TaskData> take(std::span<const std::uint32_t> indices) const override;

 private:
  Prompt prompt_;
  RowTexts texts_;  ///< the source, then the references
};

}  // namespace gptask
