#include "gptask/multiple_choice/data.h"

namespace gptask {

std::string ChoiceData::text(std::size_t i) const {
  std::string all = questions[i];
  for (std::size_t c = 0; c < choices[i].size(); ++c) all += "\n" + std::to_string(c + 1) + ". " + choices[i][c];
  return all;
}

std::string ChoiceData::answer(std::size_t i) const {
  const std::int32_t label = examples[i].target.label;
  return label < 0 ? "" : choices[i].at(static_cast<std::size_t>(label));
}

std::unique_ptr<gpt::TaskData> ChoiceData::take(std::span<const std::uint32_t> indices) const {
  auto taken = std::make_unique<ChoiceData>();
  taken->source = source;
  taken->truncated = truncated;
  taken->skipped = skipped;
  for (const std::uint32_t i : indices) {
    taken->examples.push_back(examples.at(i));
    taken->rows.push_back(rows.at(i));
    taken->questions.push_back(questions.at(i));
    taken->choices.push_back(choices.at(i));
  }
  return taken;
}

}  // namespace gptask
