// Questions -> windows of tokens.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gptask/qa/data.h"

namespace gptask {

class Windows {
 public:
  /// Error invalid_option if max_tokens leaves no room for a passage.
  Windows(WindowOptions options, const gpt::Tokenizer& tokenizer, std::int64_t max_tokens, std::string source);

  /// The passage that the next questions are about.
  const Passage& passage() const noexcept { return passage_; }
  void set_passage(std::string text);
  /// The question's windows; its row is the number of questions so far. `where` opens messages.
  void add(const Question& question, const std::string& where);
  std::uint64_t questions() const { return data_->questions(); }
  std::unique_ptr<QaData> finish() { return std::move(data_); }

 private:
  void add_window(const Question& question, const std::vector<std::int32_t>& prefix, std::uint32_t begin,
                  std::uint32_t end);

  const WindowOptions options_;
  const gpt::Tokenizer& tokenizer_;
  std::int64_t max_tokens_;
  std::optional<std::int32_t> start_token_;
  std::int32_t end_token_;
  Passage passage_;
  std::unique_ptr<QaData> data_;
};

/// Bytes of the passage that an answer covers. Error malformed where the text does not stand at that code point.
gpt::Range locate(const Passage& passage, const std::string& answer, std::int64_t start, const std::string& where);

}  // namespace gptask
