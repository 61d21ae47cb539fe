#include "gpt/core/error.h"
#include "gptask/toolkit/number_metrics.h"
#include "gptask/toolkit/scorers.h"
#include "score/joined.h"

namespace gptask {
namespace {

template <typename T>
std::vector<T> picked(const std::vector<T>& values, std::span<const std::uint32_t> rows) {
  std::vector<T> chosen;
  chosen.reserve(rows.size());
  for (const std::uint32_t i : rows) chosen.push_back(values[i]);
  return chosen;
}

void check_lengths(std::size_t truth, std::size_t predicted) {
  if (truth != predicted) gpt::fail(gpt::ErrorCode::mismatch, "{} true values but {} predictions", truth, predicted);
}

class NumberScorer : public gpt::Scorer {
 public:
  NumberScorer(std::vector<double> truth, std::vector<double> predicted)
      : truth_(std::move(truth)), predicted_(std::move(predicted)) {
    check_lengths(truth_.size(), predicted_.size());
  }
  std::size_t rows() const override { return truth_.size(); }
  nlohmann::ordered_json metrics(std::span<const std::uint32_t> rows) const override {
    const std::vector<double> truth = picked(truth_, rows), predicted = picked(predicted_, rows);
    const double linear = pearson(truth, predicted), ranked = spearman(truth, predicted);
    return {{"pearson", linear},
            {"spearmanr", ranked},
            {"combined_score", (linear + ranked) / 2},
            {"mse", mean_squared_error(truth, predicted)}};
  }
  ScorerPointer followed_by(const gpt::Scorer& other) const override {
    const auto& second = gpt::same_kind<NumberScorer>(other);
    return number_scorer(joined(truth_, second.truth_), joined(predicted_, second.predicted_));
  }

 private:
  std::vector<double> truth_, predicted_;
};

class RankingScorer : public gpt::Scorer {
 public:
  RankingScorer(std::vector<std::int32_t> truth, std::vector<double> scores)
      : truth_(std::move(truth)), scores_(std::move(scores)) {
    check_lengths(truth_.size(), scores_.size());
  }
  std::size_t rows() const override { return truth_.size(); }
  nlohmann::ordered_json metrics(std::span<const std::uint32_t> rows) const override {
    const std::vector<std::int32_t> truth = picked(truth_, rows);
    const std::vector<double> scores = picked(scores_, rows);
    return {{"roc_auc", roc_auc(truth, scores)}, {"average_precision", average_precision(truth, scores)}};
  }
  ScorerPointer followed_by(const gpt::Scorer& other) const override {
    const auto& second = gpt::same_kind<RankingScorer>(other);
    return ranking_scorer(joined(truth_, second.truth_), joined(scores_, second.scores_));
  }

 private:
  std::vector<std::int32_t> truth_;
  std::vector<double> scores_;
};

}  // namespace

ScorerPointer number_scorer(std::vector<double> truth, std::vector<double> predicted) {
  return std::make_shared<NumberScorer>(std::move(truth), std::move(predicted));
}

ScorerPointer ranking_scorer(std::vector<std::int32_t> truth, std::vector<double> scores) {
  return std::make_shared<RankingScorer>(std::move(truth), std::move(scores));
}

ScorerPointer choice_scorer(const std::vector<std::int32_t>& truth, const std::vector<std::int32_t>& predicted,
                            const std::vector<std::int32_t>& predicted_norm) {
  const bool normalized = !predicted_norm.empty();
  check_lengths(truth.size(), predicted.size());
  if (normalized) check_lengths(truth.size(), predicted_norm.size());
  std::vector<double> statistics;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    statistics.push_back(predicted[i] == truth[i] ? 1 : 0);
    statistics.push_back(normalized && predicted_norm[i] == truth[i] ? 1 : 0);
  }
  return std::make_shared<gpt::SumScorer>(2, std::move(statistics),
                                          [normalized](std::span<const double> sums, double rows) {
                                            nlohmann::ordered_json metrics{{"accuracy", rows > 0 ? sums[0] / rows : 0}};
                                            if (normalized) metrics["accuracy_norm"] = rows > 0 ? sums[1] / rows : 0;
                                            return metrics;
                                          });
}

}  // namespace gptask
