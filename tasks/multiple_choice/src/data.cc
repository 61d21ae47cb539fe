#include "gptask/multiple_choice/data.h"

namespace gptask {

std::vector<std::string> ChoiceData::choices(std::size_t i) const {
  std::vector<std::string> all = texts[i];
  all.erase(all.begin());
  return all;
}

std::string ChoiceData::text(std::size_t i) const {
  const std::vector<std::string> parts = texts[i];
  std::string all = parts.front();
  for (std::size_t c = 1; c < parts.size(); ++c) all += "\n" + std::to_string(c) + ". " + parts[c];
  return all;
}

std::string ChoiceData::answer(std::size_t i) const {
  const std::int32_t label = examples[i].target.label;
  return label < 0 ? "" : choices(i).at(static_cast<std::size_t>(label));
}

std::unique_ptr<gpt::TaskData> ChoiceData::take(std::span<const std::uint32_t> indices) const {
  auto taken = std::make_unique<ChoiceData>();
  copy_to(*taken, indices);
  taken->texts = texts.take(indices);
  return taken;
}

}  // namespace gptask
