// From start and end scores of a question's windows to its answers, as run_qa.py of Transformers chooses them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gptask/qa/data.h"

namespace gptask {

struct SpanOptions {
  bool version2 = false;                ///< a question may have no answer
  std::int64_t n_best = 20;             ///< starts and ends looked at in each window, and answers kept
  std::int64_t max_answer_length = 30;  ///< tokens
  double null_threshold = 0;            ///< no answer where its score is ahead of the best answer's by more than this
};

struct Span {
  std::string text;        ///< "" that there is no answer
  gpt::Range bytes;        ///< of the passage
  gpt::Range code_points;  ///< the same
  double start_score = 0, end_score = 0, probability = 0;
  double score() const noexcept { return start_score + end_score; }
};

struct QuestionAnswer {
  std::vector<Span> best;      ///< at least one, best first
  std::string text;            ///< the answer chosen; "" that there is none
  double no_answer_score = 0;  ///< version 2: no answer's score less the best answer's
  const Span& chosen() const;
};

/// outputs[w]: start and end score of each token of window `first` + w, a pair a token. Error mismatch if their number
/// is wrong.
QuestionAnswer find_answer(const QaData& data, std::size_t first, std::span<const std::vector<float>> outputs,
                           const SpanOptions& options);

}  // namespace gptask
