#include "gptask/qa/data.h"

namespace gptask {

std::string QaData::text(std::size_t i) const {
  const Question& question = question_of(i);
  const Window& window = windows[i];
  const auto& bytes = question.passage->encoding.bytes;
  if (window.begin == window.end) return question.text + separator;
  const std::size_t from = bytes[window.begin].begin, to = bytes[window.end - 1].end;
  return question.text + separator + question.passage->text.substr(from, to - from);
}

std::string QaData::answer(std::size_t i) const {
  const Question& question = question_of(i);
  return question.answers.empty() ? "" : question.answers.front();
}

std::unique_ptr<gpt::TaskData> QaData::take(std::span<const std::uint32_t> indices) const {
  auto taken = std::make_unique<QaData>();
  taken->source = source;
  taken->truncated = truncated;
  taken->skipped = skipped;
  taken->separator = separator;
  constexpr std::uint32_t none = 0xFFFF'FFFF;
  std::vector<std::uint32_t> places(questions.size(), none);
  for (const std::uint32_t i : indices) {
    Window window = windows.at(i);
    std::uint32_t& place = places[window.question];
    if (place == none) {
      place = static_cast<std::uint32_t>(taken->questions.size());
      taken->questions.push_back(questions[window.question]);
    }
    window.question = place;
    taken->windows.push_back(window);
    taken->examples.push_back(examples[i]);
    taken->rows.push_back(rows[i]);
  }
  return taken;
}

}  // namespace gptask
