// BLEU (Papineni et al., "BLEU: a method for automatic evaluation of machine translation", ACL 2002) as sacrebleu
// computes it (Post, "A call for clarity in reporting BLEU scores", WMT 2018).
//
//     BLEU = BP exp(1/N sum_n log p_n),  p_n = matched / all n-grams of the hypotheses, in percent,
//     BP = min(1, exp(1 - reference length / hypothesis length))
//
// A match counts at most as often as the n-gram occurs in the reference that has it most often; the reference length is
// that of the reference nearest in length. All counts are summed over the corpus first.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gptask/toolkit/references.h"

namespace gptask {

enum class BleuTokenizer {
  mteval_13a,     ///< "13a": the default of WMT
  international,  ///< "intl": marks and symbols by their Unicode category
  chinese,        ///< "zh": each Chinese character alone, the rest as 13a
  character,      ///< "char"
  none,           ///< "none": white space only
};

/// Precisions without a match (Chen and Cherry, "A systematic comparison of smoothing techniques for sentence-level
/// BLEU", WMT 2014).
enum class Smoothing {
  none,
  floor,  ///< a small count instead of 0; 0.1 unless smooth_value says otherwise
  add_k,  ///< k more of each count beyond unigrams; 1
  exp,    ///< the k-th precision without a match is 1 / (2^k total)
};

/// By the names above. Error invalid_option.
BleuTokenizer parse_bleu_tokenizer(std::string_view name);
/// "none", "floor", "add-k", "exp". Error invalid_option.
Smoothing parse_smoothing(std::string_view name);

struct BleuOptions {
  BleuTokenizer tokenizer = BleuTokenizer::mteval_13a;
  bool lowercase = false;
  Smoothing smoothing = Smoothing::exp;
  std::optional<double> smooth_value = {};
  bool effective_order = false;  ///< only the orders the hypothesis is long enough for; right for single sentences
  int max_order = 4;
};

struct BleuScore {
  double score = 0;                ///< 0 .. 100
  std::vector<double> precisions;  ///< in percent
  double brevity_penalty = 1;
  double hypothesis_length = 0, reference_length = 0;  ///< tokens
};

class Bleu {
 public:
  explicit Bleu(const BleuOptions& options = {});

  /// Of one segment: hypothesis length, reference length, matches of each order, n-grams of each order.
  std::vector<double> statistics(std::string_view hypothesis, std::span<const std::string> references) const;
  std::size_t width() const noexcept { return 2 + 2 * static_cast<std::size_t>(options_.max_order); }
  /// Of the sums of statistics.
  BleuScore score(std::span<const double> sums) const;

  BleuScore sentence(std::string_view hypothesis, std::span<const std::string> references) const {
    return score(statistics(hypothesis, references));
  }
  /// Error mismatch if the numbers of segments differ, or are 0.
  BleuScore corpus(std::span<const std::string> hypotheses, const References& references) const;
  /// As sacrebleu prints it: "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0".
  std::string signature(const References& references) const;

 private:
  BleuOptions options_;
};

}  // namespace gptask
