// chrF (Popovic, "chrF: character n-gram F-score for automatic MT evaluation", WMT 2015) and chrF++ (2017: word
// unigrams and bigrams too) as sacrebleu computes them.
//
//     chrF = (1 + beta^2) P R / (beta^2 P + R), P and R the means over the orders of matched / n-grams of the
//     hypothesis and of the reference, in percent
//
// Of several references the one with the best F-score of the segment counts. Counts are summed over the corpus first.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gptask/toolkit/references.h"

namespace gptask {

struct ChrfOptions {
  int char_order = 6;
  int word_order = 0;  ///< 2: chrF++
  int beta = 2;        ///< how much more recall counts than precision
  bool lowercase = false;
  bool whitespace = false;     ///< white space counts as a character
  bool eps_smoothing = false;  ///< the mean of the F-scores of all orders, as chrF++.py, Moses and NLTK have it
};

class Chrf {
 public:
  /// Error invalid_option for orders and a beta that make no sense.
  explicit Chrf(const ChrfOptions& options = {});

  /// Of one segment: for each order n-grams of the hypothesis, of the reference, matches.
  std::vector<double> statistics(std::string_view hypothesis, std::span<const std::string> references) const;
  std::size_t width() const noexcept { return 3 * static_cast<std::size_t>(options_.char_order + options_.word_order); }
  /// Of the sums of statistics: 0 .. 100.
  double score(std::span<const double> sums) const;

  double sentence(std::string_view hypothesis, std::span<const std::string> references) const {
    return score(statistics(hypothesis, references));
  }
  /// Error mismatch if the numbers of segments differ, or are 0.
  double corpus(std::span<const std::string> hypotheses, const References& references) const;
  /// "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0"
  std::string signature(const References& references) const;

 private:
  ChrfOptions options_;
};

}  // namespace gptask
