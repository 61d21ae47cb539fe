#include "gptask/classification/data.h"

namespace gptask {

std::unique_ptr<gpt::TaskData> ClassificationData::take(std::span<const std::uint32_t> indices) const {
  auto taken = std::make_unique<ClassificationData>();
  copy_to(*taken, indices);
  taken->labels = labels;
  taken->texts = texts.take(indices);
  return taken;
}

}  // namespace gptask
