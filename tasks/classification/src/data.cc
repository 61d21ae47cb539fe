#include "gptask/classification/data.h"

namespace gptask {

std::string ClassificationData::answer(std::size_t i) const {
  const std::int32_t label = examples[i].target.label;
  return label < 0 ? "" : labels->at(static_cast<std::size_t>(label));
}

std::unique_ptr<gpt::TaskData> ClassificationData::take(std::span<const std::uint32_t> indices) const {
  auto taken = std::make_unique<ClassificationData>();
  taken->source = source;
  taken->truncated = truncated;
  taken->skipped = skipped;
  taken->labels = labels;
  for (const std::uint32_t i : indices) {
    taken->examples.push_back(examples.at(i));
    taken->rows.push_back(rows.at(i));
    taken->texts.push_back(texts.at(i));
  }
  return taken;
}

}  // namespace gptask
