#include "gptask/toolkit/squad_metrics.h"

#include <algorithm>
#include <map>

#include "gpt/core/error.h"
#include "metrics/unicode.h"
#include "score/joined.h"

namespace gptask {
namespace {

bool is_ascii_mark(char32_t c) {
  return (c >= U'!' && c <= U'/') || (c >= U':' && c <= U'@') || (c >= U'[' && c <= U'`') || (c >= U'{' && c <= U'~');
}

/// re.sub(r'\b(a|an|the)\b', ' ', text)
std::u32string without_articles(const std::u32string& text) {
  std::u32string result;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    const bool word = is_word(text[begin]);
    while (end < text.size() && is_word(text[end]) == word) ++end;
    const auto run = std::u32string_view(text).substr(begin, end - begin);
    if (run == U"a" || run == U"an" || run == U"the")
      result += U' ';
    else
      result += run;
  }
  return result;
}

std::vector<std::u32string> answer_words(std::string_view text) {
  std::u32string points = lower(decode(text));
  points.erase(std::remove_if(points.begin(), points.end(), is_ascii_mark), points.end());
  const std::u32string clean = without_articles(points);
  std::vector<std::u32string> words;
  for (const std::u32string_view word : split(clean)) words.emplace_back(word);
  return words;
}

using Words = std::vector<std::u32string>;

double word_f1(const Words& predicted, const Words& reference, bool version2) {
  if (version2 && (predicted.empty() || reference.empty())) return predicted == reference ? 1 : 0;
  std::map<std::u32string, std::int64_t> left;
  for (const std::u32string& word : reference) ++left[word];
  double same = 0;
  for (const std::u32string& word : predicted)
    if (const auto found = left.find(word); found != left.end() && found->second-- > 0) ++same;
  if (same == 0) return 0;
  const double precision = same / static_cast<double>(predicted.size());
  const double recall = same / static_cast<double>(reference.size());
  return 2 * precision * recall / (precision + recall);
}

double percent(double sum, double count) { return count > 0 ? 100 * sum / count : 0; }

/// Sums over some of the questions.
struct Tally {
  double exact = 0, f1 = 0, count = 0;

  void add(const AnswerScore& score) {
    exact += score.exact;
    f1 += score.f1;
    ++count;
  }
  void put(nlohmann::ordered_json& metrics, const std::string& prefix) const {
    metrics[prefix + "exact"] = percent(exact, count);
    metrics[prefix + "f1"] = percent(f1, count);
    metrics[prefix + "total"] = static_cast<std::int64_t>(count);
  }
};

class SquadScorer : public gpt::Scorer {
 public:
  SquadScorer(std::vector<AnsweredQuestion> questions, const SquadOptions& options)
      : questions_(std::move(questions)), options_(options) {
    for (std::uint32_t i = 0; i < questions_.size(); ++i) {
      by_no_answer_.push_back(i);
      (questions_[i].has_answer ? with_answer_ : without_answer_) = true;
    }
    std::stable_sort(by_no_answer_.begin(), by_no_answer_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return questions_[a].no_answer < questions_[b].no_answer;
    });
  }

  std::size_t rows() const override { return questions_.size(); }

  nlohmann::ordered_json metrics(std::span<const std::uint32_t> rows) const override {
    Tally all, has_answer, no_answer;
    for (const std::uint32_t i : rows) {
      const AnsweredQuestion& question = questions_[i];
      AnswerScore score = question.score;
      if (options_.version2 && question.no_answer > options_.no_answer_threshold)
        score.exact = score.f1 = question.has_answer ? 0 : 1;
      all.add(score);
      (question.has_answer ? has_answer : no_answer).add(score);
    }
    nlohmann::ordered_json metrics;
    if (!options_.version2) {
      metrics["exact_match"] = percent(all.exact, all.count);
      metrics["f1"] = percent(all.f1, all.count);
      return metrics;
    }
    all.put(metrics, "");
    if (with_answer_) has_answer.put(metrics, "HasAns_");
    if (without_answer_) no_answer.put(metrics, "NoAns_");
    if (!options_.no_answer_scores) return metrics;
    std::vector<double> times(questions_.size());
    for (const std::uint32_t i : rows) ++times[i];
    put_best(metrics, "best_exact", &AnswerScore::exact, times, no_answer.count);
    put_best(metrics, "best_f1", &AnswerScore::f1, times, no_answer.count);
    return metrics;
  }
  std::shared_ptr<const gpt::Scorer> followed_by(const gpt::Scorer& other) const override {
    return squad_scorer(joined(questions_, gpt::same_kind<SquadScorer>(other).questions_), options_);
  }

 private:
  /// Starts from answering nothing, which is right where there is no answer, and answers one question after the other,
  /// the surest first.
  void put_best(nlohmann::ordered_json& metrics, const std::string& name, double AnswerScore::*score,
                const std::vector<double>& times, double without_answer) const {
    double current = without_answer, best = without_answer, threshold = 0, count = 0;
    for (const std::uint32_t i : by_no_answer_) {
      if (times[i] == 0) continue;
      const AnsweredQuestion& question = questions_[i];
      count += times[i];
      current += times[i] * (question.has_answer ? question.score.*score : question.predicted_answer ? -1.0 : 0.0);
      if (current <= best) continue;
      best = current;
      threshold = question.no_answer;
    }
    metrics[name] = percent(best, count);
    metrics[name + "_thresh"] = threshold;
  }

  std::vector<AnsweredQuestion> questions_;
  SquadOptions options_;
  std::vector<std::uint32_t> by_no_answer_;  ///< questions, the surest of an answer first
  bool with_answer_ = false, without_answer_ = false;
};

}  // namespace

std::string normalize_answer(std::string_view text) {
  std::string normal;
  for (const std::u32string& word : answer_words(text)) normal += (normal.empty() ? "" : " ") + encode(word);
  return normal;
}

AnswerScore score_answer(std::string_view predicted, std::span<const std::string> references, bool version2) {
  const Words said = answer_words(predicted);
  std::vector<Words> wanted;
  for (const std::string& reference : references)
    if (Words words = answer_words(reference); !version2 || !words.empty()) wanted.push_back(std::move(words));
  if (wanted.empty() && !version2)
    gpt::fail(gpt::ErrorCode::mismatch, "a question has no answer, which only SQuAD 2.0 allows");
  if (wanted.empty()) wanted.emplace_back();
  AnswerScore best;
  for (const Words& words : wanted) {
    best.exact = std::max(best.exact, said == words ? 1.0 : 0.0);
    best.f1 = std::max(best.f1, word_f1(said, words, version2));
  }
  return best;
}

std::shared_ptr<const gpt::Scorer> squad_scorer(std::vector<AnsweredQuestion> questions, const SquadOptions& options) {
  return std::make_shared<SquadScorer>(std::move(questions), options);
}

}  // namespace gptask
