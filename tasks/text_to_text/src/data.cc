#include "gptask/text_to_text/data.h"

namespace gptask {

void TextData::add_texts(const std::string& text, const std::vector<std::string>& references, std::uint64_t row) {
  Prompt::Built built = prompt_.build(text, references.empty() ? std::nullopt : std::optional(references.front()));
  if (built.source_cut) count_truncated(prompt_.source_limit());
  if (built.target_cut) count_truncated(prompt_.target_limit());
  add(std::move(built.example), row);
  std::vector<std::string> texts{text};
  texts.insert(texts.end(), references.begin(), references.end());
  texts_.add(texts);
}

std::vector<std::string> TextData::references(std::size_t i) const {
  std::vector<std::string> texts = texts_[i];
  texts.erase(texts.begin());
  return texts;
}

std::string TextData::answer(std::size_t i) const {
  const std::vector<std::string> known = references(i);
  return known.empty() ? "" : known.front();
}

std::unique_ptr<gpt::TaskData> TextData::take(std::span<const std::uint32_t> indices) const {
  auto taken = std::make_unique<TextData>(prompt_, source);
  copy_to(*taken, indices);
  taken->texts_ = texts_.take(indices);
  return taken;
}

}  // namespace gptask
