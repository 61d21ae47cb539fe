// Exact match and F1 of answers, as the official scripts of SQuAD 1.1 and 2.0 compute them (Rajpurkar et al., "SQuAD:
// 100,000+ questions for machine comprehension of text", 2016; "Know what you don't know", 2018).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/plugin/scorer.h"

namespace gptask {

/// In lower case, without ASCII punctuation, without the words a, an and the, with single spaces.
std::string normalize_answer(std::string_view text);

struct AnswerScore {
  double exact = 0;  ///< 1 if a reference is the same after normalizing
  double f1 = 0;     ///< of words, the best over the references
};

/// 1.1: two answers without any word have F1 0. 2.0: no references, or none with a word, mean that there is no answer,
/// and an empty prediction is right. Error mismatch for 1.1 without references.
AnswerScore score_answer(std::string_view predicted, std::span<const std::string> references, bool version2);

/// What one question contributes.
struct AnsweredQuestion {
  AnswerScore score;
  bool has_answer = true;        ///< a reference was given
  bool predicted_answer = true;  ///< the prediction is not empty
  double no_answer = 0;          ///< score that there is none: a probability, or a difference of scores
};

struct SquadOptions {
  bool version2 = false;
  bool no_answer_scores = false;     ///< no_answer is set: find the best thresholds as well
  double no_answer_threshold = 1.0;  ///< no_answer above it: the answer is taken to be empty
};

/// 1.1: exact_match, f1. 2.0: exact, f1, total, and the same of the questions with (HasAns_) and without (NoAns_) an
/// answer, where there are any; with no_answer_scores best_exact, best_f1 and their thresholds (best_exact_thresh,
/// best_f1_thresh). In percent.
std::shared_ptr<const gpt::Scorer> squad_scorer(std::vector<AnsweredQuestion> questions, const SquadOptions& options);

}  // namespace gptask
