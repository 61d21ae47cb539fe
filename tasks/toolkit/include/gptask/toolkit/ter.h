// Translation edit rate (Snover et al., "A study of translation edit rate with targeted human annotation", AMTA 2006)
// as sacrebleu computes it after Tercom: the fewest insertions, deletions, substitutions and shifts of a run of words
// that a greedy search finds, divided by the mean length of the references, in percent (lower is better).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gptask/toolkit/references.h"

namespace gptask {

struct TerOptions {
  bool normalized = false;     ///< Tercom's tokenization; else white space only
  bool no_punct = false;       ///< punctuation is removed
  bool asian_support = false;  ///< with either of these: the same for Chinese and Japanese
  bool case_sensitive = false;
};

class Ter {
 public:
  explicit Ter(const TerOptions& options = {}) : options_(options) {}

  /// Of one segment: edits to the nearest reference, mean length of the references in words.
  std::vector<double> statistics(std::string_view hypothesis, std::span<const std::string> references) const;
  std::size_t width() const noexcept { return 2; }
  /// Of the sums of statistics; may exceed 100.
  double score(std::span<const double> sums) const;

  double sentence(std::string_view hypothesis, std::span<const std::string> references) const {
    return score(statistics(hypothesis, references));
  }
  /// Error mismatch if the numbers of segments differ, or are 0.
  double corpus(std::span<const std::string> hypotheses, const References& references) const;
  /// "nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:2.6.0"
  std::string signature(const References& references) const;

 private:
  TerOptions options_;
};

}  // namespace gptask
