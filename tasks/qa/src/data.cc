#include "gptask/qa/data.h"

namespace gptask {

void QaData::add_passage(const std::string& text) { passage_texts_.add({&text, 1}); }

void QaData::add_question(const Question& question) {
  std::vector<std::string> texts{question.id, question.text};
  texts.insert(texts.end(), question.answers.begin(), question.answers.end());
  question_texts_.add(texts);
  about_.push_back({static_cast<std::uint32_t>(passage_texts_.size() - 1), question.first_answer, question.known});
}

void QaData::add_window(gpt::Example example, std::uint32_t begin, std::uint32_t end, std::uint32_t prefix) {
  windows_.push_back({static_cast<std::uint32_t>(questions() - 1), begin, end, prefix});
  add(std::move(example), questions());
}

Question QaData::question(std::size_t i) const {
  std::vector<std::string> texts = question_texts_[i];
  Question question{std::move(texts.at(0)), std::move(texts.at(1)), {}, about_[i].first_answer, about_[i].known};
  question.answers.assign(std::make_move_iterator(texts.begin() + 2), std::make_move_iterator(texts.end()));
  return question;
}

Passage QaData::passage(std::size_t question) const {
  Passage passage{passage_text(question), {}};
  passage.encoding = tokenizer_->encode_with_offsets(passage.text);
  return passage;
}

std::string QaData::text(std::size_t i) const {
  const Window& window = windows_[i];
  const Passage whole = passage(window.question);
  const std::string before = question(window.question).text + separator_;
  if (window.begin == window.end) return before;
  const auto& bytes = whole.encoding.bytes;
  const std::size_t from = bytes[window.begin].begin, to = bytes[window.end - 1].end;
  return before + whole.text.substr(from, to - from);
}

std::string QaData::answer(std::size_t i) const {
  const std::vector<std::string> answers = question(windows_[i].question).answers;
  return answers.empty() ? "" : answers.front();
}

std::unique_ptr<gpt::TaskData> QaData::take(std::span<const std::uint32_t> indices) const {
  auto taken = std::make_unique<QaData>(*tokenizer_, separator_);
  copy_to(*taken, indices);
  taken->passage_texts_ = passage_texts_;
  constexpr std::uint32_t none = 0xFFFF'FFFF;
  std::vector<std::uint32_t> places(questions(), none), chosen;
  for (const std::uint32_t i : indices) {
    Window window = windows_.at(i);
    std::uint32_t& place = places[window.question];
    if (place == none) {
      place = static_cast<std::uint32_t>(chosen.size());
      chosen.push_back(window.question);
      taken->about_.push_back(about_[window.question]);
    }
    window.question = place;
    taken->windows_.push_back(window);
  }
  taken->question_texts_ = question_texts_.take(chosen);
  return taken;
}

}  // namespace gptask
