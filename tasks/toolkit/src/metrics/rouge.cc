#include "gptask/toolkit/rouge.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "gpt/core/error.h"
#include "metrics/ngrams.h"
#include "metrics/unicode.h"

namespace gptask {
namespace {

using Tokens = std::vector<std::uint32_t>;

/// Numbers for the tokens of both texts.
class Tokenizer {
 public:
  explicit Tokenizer(bool stem) : stem_(stem) {}

  Tokens operator()(std::string_view text) {
    std::string word;
    Tokens tokens;
    const auto end_word = [&] {
      if (word.empty()) return;
      if (stem_ && word.size() > 3) word = porter_stem(word);
      if (!word.empty())
        tokens.push_back(ids_.try_emplace(word, static_cast<std::uint32_t>(ids_.size())).first->second);
      word.clear();
    };
    for (const char32_t c : lower(decode(text))) {
      if ((c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9'))
        word += static_cast<char>(c);
      else
        end_word();
    }
    end_word();
    return tokens;
  }

  /// The lines of a text that are not empty.
  std::vector<Tokens> sentences(std::string_view text) {
    std::vector<Tokens> sentences;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (end > 0) sentences.push_back((*this)(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return sentences;
  }

 private:
  bool stem_;
  std::unordered_map<std::string, std::uint32_t> ids_;
};

RougeScore from_counts(double hits, std::size_t target, std::size_t prediction) {
  RougeScore score;
  if (target > 0) score.recall = hits / static_cast<double>(target);
  if (prediction > 0) score.precision = hits / static_cast<double>(prediction);
  const double sum = score.precision + score.recall;
  if (sum > 0) score.f = 2 * score.precision * score.recall / sum;
  return score;
}

RougeScore rouge_n(const Tokens& target, const Tokens& prediction, std::size_t order) {
  const Ngrams wanted(target, order), said(prediction, order);
  return from_counts(static_cast<double>(wanted.matches(said)), static_cast<std::size_t>(wanted.total()),
                     static_cast<std::size_t>(said.total()));
}

/// Lengths of the longest common subsequences of all beginnings: [a + 1, b + 1].
class SubsequenceTable {
 public:
  SubsequenceTable(const Tokens& a, const Tokens& b) : columns_(b.size() + 1), lengths_((a.size() + 1) * columns_) {
    for (std::size_t i = 1; i <= a.size(); ++i)
      for (std::size_t j = 1; j <= b.size(); ++j)
        lengths_[i * columns_ + j] = a[i - 1] == b[j - 1] ? at(i - 1, j - 1) + 1 : std::max(at(i - 1, j), at(i, j - 1));
  }
  std::uint32_t at(std::size_t i, std::size_t j) const { return lengths_[i * columns_ + j]; }
  std::uint32_t longest() const { return lengths_.back(); }

 private:
  std::size_t columns_;
  std::vector<std::uint32_t> lengths_;
};

/// Marks the words of the target that one of its longest common subsequences with the other text consists of.
void mark_subsequence(const Tokens& target, const Tokens& other, std::vector<bool>& marked) {
  const SubsequenceTable table(target, other);
  for (std::size_t i = target.size(), j = other.size(); i > 0 && j > 0;) {
    if (target[i - 1] == other[j - 1]) {
      marked[i - 1] = true;
      --i;
      --j;
    } else if (table.at(i, j - 1) > table.at(i - 1, j)) {
      --j;
    } else {
      --i;
    }
  }
}

RougeScore rouge_lsum(const std::vector<Tokens>& target, const std::vector<Tokens>& prediction) {
  std::unordered_map<std::uint32_t, std::int64_t> left_in_target, left_in_prediction;
  std::size_t wanted = 0, said = 0;
  const auto count = [](const std::vector<Tokens>& sentences, auto& left, std::size_t& total) {
    for (const Tokens& sentence : sentences) {
      total += sentence.size();
      for (const std::uint32_t token : sentence) ++left[token];
    }
  };
  count(target, left_in_target, wanted);
  count(prediction, left_in_prediction, said);
  if (wanted == 0 || said == 0) return {};
  double hits = 0;
  for (const Tokens& sentence : target) {
    std::vector<bool> marked(sentence.size());
    for (const Tokens& other : prediction) mark_subsequence(sentence, other, marked);
    for (std::size_t i = 0; i < sentence.size(); ++i) {
      if (!marked[i]) continue;
      // A word counts no more often than it occurs (as in ROUGE-1.5.5; the paper would count it again).
      auto& in_prediction = left_in_prediction[sentence[i]];
      auto& in_target = left_in_target[sentence[i]];
      if (in_prediction <= 0 || in_target <= 0) continue;
      ++hits;
      --in_prediction;
      --in_target;
    }
  }
  return from_counts(hits, wanted, said);
}

}  // namespace

RougeScores rouge(std::string_view target, std::string_view prediction, bool stem) {
  Tokenizer tokenize(stem);
  const Tokens wanted = tokenize(target), said = tokenize(prediction);
  RougeScores scores;
  scores.rouge1 = rouge_n(wanted, said, 1);
  scores.rouge2 = rouge_n(wanted, said, 2);
  if (!wanted.empty() && !said.empty())
    scores.rouge_l = from_counts(SubsequenceTable(wanted, said).longest(), wanted.size(), said.size());
  scores.rouge_lsum = rouge_lsum(tokenize.sentences(target), tokenize.sentences(prediction));
  return scores;
}

RougeScores rouge(std::span<const std::string> targets, std::string_view prediction, bool stem) {
  if (targets.empty()) gpt::fail(gpt::ErrorCode::mismatch, "a summary has no reference to be compared with");
  RougeScores best = rouge(targets[0], prediction, stem);
  for (const std::string& target : targets.subspan(1)) {
    const RougeScores scores = rouge(target, prediction, stem);
    for (RougeScore RougeScores::*kind :
         {&RougeScores::rouge1, &RougeScores::rouge2, &RougeScores::rouge_l, &RougeScores::rouge_lsum})
      if ((scores.*kind).f > (best.*kind).f) best.*kind = scores.*kind;
  }
  return best;
}

}  // namespace gptask
