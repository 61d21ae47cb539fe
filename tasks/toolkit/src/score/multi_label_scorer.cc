#include "gpt/core/error.h"
#include "gptask/toolkit/scorers.h"

namespace gptask {
namespace {

using Flags = std::vector<bool>;

double quotient(double numerator, double denominator) { return denominator == 0 ? 0 : numerator / denominator; }

/// F1 of counts: right, predicted, true.
double f1(double right, double predicted, double truth) { return quotient(2 * right, predicted + truth); }

nlohmann::ordered_json scores(std::span<const double> sums, double rows, std::size_t labels) {
  double right = 0, predicted = 0, truth = 0, macro = 0, weighted = 0;
  for (std::size_t i = 0; i < labels; ++i) {
    const auto counts = sums.subspan(2 + 3 * i, 3);
    right += counts[0];
    predicted += counts[1];
    truth += counts[2];
    const double of_label = f1(counts[0], counts[1], counts[2]);
    macro += of_label;
    weighted += of_label * counts[2];
  }
  return {{"accuracy", quotient(sums[0], rows)},
          {"f1_micro", f1(right, predicted, truth)},
          {"f1_macro", quotient(macro, static_cast<double>(labels))},
          {"f1_weighted", quotient(weighted, truth)},
          {"f1_samples", quotient(sums[1], rows)}};
}

}  // namespace

ScorerPointer multi_label_scorer(const std::vector<std::vector<bool>>& truth,
                                 const std::vector<std::vector<bool>>& predicted) {
  if (truth.size() != predicted.size())
    gpt::fail(gpt::ErrorCode::mismatch, "{} true rows but {} predictions", truth.size(), predicted.size());
  const std::size_t labels = truth.empty() ? 0 : truth[0].size();
  // A row: all right, F1 of the row, then right, predicted and true for each label.
  std::vector<double> statistics;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    const Flags &wanted = truth[row], &said = predicted[row];
    if (wanted.size() != labels || said.size() != labels)
      gpt::fail(gpt::ErrorCode::mismatch, "row {} has {} true and {} predicted labels; the first has {}", row + 1,
                wanted.size(), said.size(), labels);
    std::vector<double> counts;
    double right = 0, all_said = 0, all_wanted = 0;
    for (std::size_t i = 0; i < labels; ++i) {
      const double both = wanted[i] && said[i] ? 1 : 0;
      counts.insert(counts.end(), {both, said[i] ? 1.0 : 0.0, wanted[i] ? 1.0 : 0.0});
      right += both;
      all_said += said[i] ? 1 : 0;
      all_wanted += wanted[i] ? 1 : 0;
    }
    statistics.push_back(wanted == said ? 1 : 0);
    statistics.push_back(f1(right, all_said, all_wanted));
    statistics.insert(statistics.end(), counts.begin(), counts.end());
  }
  return std::make_shared<gpt::SumScorer>(
      2 + 3 * labels, std::move(statistics),
      [labels](std::span<const double> sums, double rows) { return scores(sums, rows, labels); });
}

}  // namespace gptask
