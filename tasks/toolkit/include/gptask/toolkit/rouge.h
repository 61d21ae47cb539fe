// ROUGE (Lin, "ROUGE: a package for automatic evaluation of summaries", 2004) as Google's rouge-score computes it,
// which gives the figures of ROUGE-1.5.5 without and with -m (Porter's stemmer).
//
// ROUGE-N counts common n-grams, ROUGE-L the longest common subsequence of words; ROUGE-Lsum takes lines for sentences
// and the union of the subsequences that each sentence of the target shares with those of the prediction. Tokens are
// runs of a-z and 0-9 of the text in lower case.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gptask {

struct RougeScore {
  double precision = 0, recall = 0, f = 0;  ///< 0 .. 1
};

struct RougeScores {
  RougeScore rouge1, rouge2, rouge_l, rouge_lsum;
};

/// `stem`: words of more than three characters are stemmed first.
RougeScores rouge(std::string_view target, std::string_view prediction, bool stem);

/// Of several targets the one with the best F-measure, for each kind. Error mismatch if there is none.
RougeScores rouge(std::span<const std::string> targets, std::string_view prediction, bool stem);

/// Porter's stemmer (Porter, "An algorithm for suffix stripping", 1980) with the deviations of NLTK, which rouge-score
/// uses. The word is in lower case.
std::string porter_stem(std::string_view word);

}  // namespace gptask
