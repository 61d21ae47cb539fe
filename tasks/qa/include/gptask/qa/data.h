// Questions about passages, cut into windows that fit the model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gpt/text/tokenizer.h"
#include "gptask/toolkit/row_texts.h"
#include "gptask/toolkit/special_tokens.h"

namespace gptask {

/// A passage and its tokens.
struct Passage {
  std::string text;
  gpt::Encoding encoding;
};

struct Question {
  std::string id, text;
  std::vector<std::string> answers;  ///< every reference; none: unknown, or there is no answer
  gpt::Range first_answer;           ///< in bytes of the passage; empty where there is none
  bool known = false;                ///< whether the file says what the answer is
};

/// How questions become windows.
struct WindowOptions {
  std::string separator = "\n";        ///< between question and passage
  SpecialTokens tokens;                ///< the delimiter stands for the separator, extract for the end
  std::int64_t doc_stride = 128;       ///< tokens that two windows share
  std::int64_t max_query_length = 64;  ///< tokens; a longer question is cut
};

/// One example: the question, the separator, passage tokens [begin, end), and one token more (see QaTask).
struct Window {
  std::uint32_t question = 0;
  std::uint32_t begin = 0, end = 0;  ///< among the passage's tokens
  std::uint32_t prefix = 0;          ///< tokens before them
};

/// examples[i] is windows[i]; the windows of a question lie together and share its row. Questions and passages are kept
/// as texts and read anew when they are asked for.
class QaData : public gpt::TaskData {
 public:
  /// The tokenizer outlives the data.
  QaData(const gpt::Tokenizer& tokenizer, std::string separator)
      : tokenizer_(&tokenizer), separator_(std::move(separator)) {}

  /// The passage that the next questions are about.
  void add_passage(const std::string& text);
  void add_question(const Question& question);
  /// A window of the latest question.
  void add_window(gpt::Example example, std::uint32_t begin, std::uint32_t end, std::uint32_t prefix);

  std::size_t questions() const noexcept { return about_.size(); }
  Question question(std::size_t i) const;
  std::string passage_text(std::size_t question) const { return passage_texts_[about_[question].passage].front(); }
  Passage passage(std::size_t question) const;
  const std::vector<Window>& windows() const noexcept { return windows_; }
  const std::string& separator() const noexcept { return separator_; }

  std::string text(std::size_t i) const override;
  std::string answer(std::size_t i) const override;
  std::unique_ptr<gpt::TaskData> take(std::span<const std::uint32_t> indices) const override;

 private:
  struct About {
    std::uint32_t passage;
    gpt::Range first_answer;
    bool known;
  };
  const gpt::Tokenizer* tokenizer_;
  std::string separator_;
  std::vector<Window> windows_;
  std::vector<About> about_;  ///< a question each
  RowTexts question_texts_;   ///< id, text, answers
  RowTexts passage_texts_;
};

}  // namespace gptask
