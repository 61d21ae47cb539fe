// How good predicted labels are. Definitions as in scikit-learn, with 0 where a quotient has no denominator.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gptask {

struct LabelScores {
  double precision = 0, recall = 0, f1 = 0;
  std::int64_t support = 0;  ///< rows that truly have this label
};

/// Counts of (true label, predicted label); labels are 0 .. labels()-1.
class Confusion {
 public:
  explicit Confusion(std::size_t labels) : labels_(labels), counts_(labels * labels) {}
  /// Both of one length, every value in [0, labels).
  Confusion(std::size_t labels, std::span<const std::int32_t> truth, std::span<const std::int32_t> predicted);

  void add(std::size_t truth, std::size_t predicted) { ++counts_[truth * labels_ + predicted]; }
  std::size_t labels() const noexcept { return labels_; }
  std::int64_t count(std::size_t truth, std::size_t predicted) const { return counts_[truth * labels_ + predicted]; }
  std::int64_t total() const;
  std::int64_t truths(std::size_t label) const;       ///< rows that have it
  std::int64_t predictions(std::size_t label) const;  ///< rows it was predicted for

  double accuracy() const;
  LabelScores scores(std::size_t label) const;
  /// Means over the labels that occur, in the truth or the predictions: each alike, or by how often it is true.
  double f1_macro() const;
  double f1_weighted() const;
  /// From the counts of all labels together: with one label a row, the accuracy.
  double f1_micro() const { return accuracy(); }
  /// The correlation of truth and prediction for any number of labels (Gorodkin, "Comparing two K-category assignments
  /// by a K-category correlation coefficient", 2004).
  double matthews() const;

 private:
  std::size_t labels_;
  std::vector<std::int64_t> counts_;
};

}  // namespace gptask
