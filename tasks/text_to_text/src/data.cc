#include "gptask/text_to_text/data.h"

namespace gptask {

std::unique_ptr<gpt::TaskData> TextData::take(std::span<const std::uint32_t> indices) const {
  auto taken = std::make_unique<TextData>();
  taken->source = source;
  taken->truncated = truncated;
  taken->skipped = skipped;
  taken->tokenizer = tokenizer;
  for (const std::uint32_t i : indices) {
    taken->examples.push_back(examples.at(i));
    taken->rows.push_back(rows.at(i));
    taken->sources.push_back(sources.at(i));
    taken->prompts.push_back(prompts.at(i));
    taken->references.push_back(references.at(i));
  }
  return taken;
}

}  // namespace gptask
