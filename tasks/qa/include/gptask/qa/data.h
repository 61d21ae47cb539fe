// Questions about passages, cut into windows that fit the model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gpt/text/tokenizer.h"
#include "gptask/toolkit/special_tokens.h"

namespace gptask {

/// A passage and its tokens; the questions about it share them.
struct Passage {
  std::string text;
  gpt::Encoding encoding;
};

struct Question {
  std::string id, text;
  std::shared_ptr<const Passage> passage;
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

/// examples[i] is windows[i]; the windows of a question lie together and share its row.
class QaData : public gpt::TaskData {
 public:
  std::vector<Question> questions;
  std::vector<Window> windows;
  std::string separator;

  const Question& question_of(std::size_t example) const { return questions[windows[example].question]; }
  std::string text(std::size_t i) const override;
  std::string answer(std::size_t i) const override;
  std::unique_ptr<gpt::TaskData> take(std::span<const std::uint32_t> indices) const override;
};

}  // namespace gptask
