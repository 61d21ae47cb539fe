// Texts and the texts that are to be written for them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/toolkit/references.h"

namespace gptask {

/// examples[i]: the prompt, and from Target::loss_from on the first reference, where there is one.
class TextData : public gpt::TaskData {
 public:
  std::vector<std::string> sources, prompts;  ///< the source as the file has it; what the model reads
  References references;                      ///< none: unknown
  const gpt::Tokenizer* tokenizer = nullptr;  ///< outlives the data

  std::string text(std::size_t i) const override { return prompts[i]; }
  std::string answer(std::size_t i) const override { return references[i].empty() ? "" : references[i].front(); }
  std::unique_ptr<gpt::TaskData> take(std::span<const std::uint32_t> indices) const override;
};

}  // namespace gptask
