#include "gptask/toolkit/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "score/joined.h"

namespace gptask {
namespace {

/// Mean of -log softmax(logits / T)[label].
double negative_log_likelihood(std::span<const std::vector<float>> logits, std::span<const std::int32_t> labels,
                               double temperature) {
  double sum = 0, rows = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (labels[i] < 0) continue;
    const auto& row = logits[i];
    const double largest = *std::max_element(row.begin(), row.end());
    double total = 0;
    for (const float z : row) total += std::exp((double{z} - largest) / temperature);
    sum += std::log(total) - (double{row[static_cast<std::size_t>(labels[i])]} - largest) / temperature;
    ++rows;
  }
  return rows > 0 ? sum / rows : 0;
}

constexpr std::size_t kBins = 15;

class ConfidenceScorer : public gpt::Scorer {
 public:
  ConfidenceScorer(std::vector<Confidence> all, double abstain_below)
      : all_(std::move(all)), abstain_below_(abstain_below) {}

  std::size_t rows() const override { return all_.size(); }
  nlohmann::ordered_json metrics(std::span<const std::uint32_t> rows) const override {
    nlohmann::ordered_json metrics{{"ece", error(rows, &Confidence::probability)},
                                   {"ece_uncalibrated", error(rows, &Confidence::uncalibrated)}};
    if (abstain_below_ <= 0) return metrics;
    double answered = 0, right = 0;
    for (const std::uint32_t i : rows) {
      if (all_[i].probability < abstain_below_) continue;
      ++answered;
      right += all_[i].right ? 1 : 0;
    }
    metrics["coverage"] = answered / static_cast<double>(std::max<std::size_t>(1, rows.size()));
    metrics["accuracy_answered"] = answered > 0 ? right / answered : std::numeric_limits<double>::quiet_NaN();
    return metrics;
  }
  ScorerPointer followed_by(const gpt::Scorer& other) const override {
    return confidence_scorer(joined(all_, gpt::same_kind<ConfidenceScorer>(other).all_), abstain_below_);
  }

 private:
  /// sum over bins of |right - probability| / rows, both summed over the bin
  double error(std::span<const std::uint32_t> rows, double Confidence::*probability) const {
    std::array<double, kBins> said{}, right{};
    for (const std::uint32_t i : rows) {
      const double p = all_[i].*probability;
      const auto bin = static_cast<std::size_t>(std::clamp(std::ceil(p * kBins) - 1, 0.0, kBins - 1.0));
      said.at(bin) += p;
      right.at(bin) += all_[i].right ? 1 : 0;
    }
    double sum = 0;
    for (std::size_t bin = 0; bin < kBins; ++bin) sum += std::abs(said.at(bin) - right.at(bin));
    return sum / static_cast<double>(std::max<std::size_t>(1, rows.size()));
  }

  std::vector<Confidence> all_;
  double abstain_below_;
};

}  // namespace

double fit_temperature(std::span<const std::vector<float>> logits, std::span<const std::int32_t> labels) {
  const bool known = std::any_of(labels.begin(), labels.end(), [](std::int32_t label) { return label >= 0; });
  if (!known) return 1;
  // The likelihood has one peak in 1 / T: a golden-section search of log T.
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double low = std::log(0.05), high = std::log(20.0);
  const auto loss = [&](double log_t) { return negative_log_likelihood(logits, labels, std::exp(log_t)); };
  double left = high - golden * (high - low), right = low + golden * (high - low);
  double at_left = loss(left), at_right = loss(right);
  while (high - low > 1e-5) {
    if (at_left <= at_right) {
      high = right;
      right = std::exchange(left, right - golden * (right - low));
      at_right = std::exchange(at_left, loss(left));
    } else {
      low = left;
      left = std::exchange(right, left + golden * (high - left));
      at_left = std::exchange(at_right, loss(right));
    }
  }
  return std::exp((low + high) / 2);
}

ScorerPointer confidence_scorer(std::vector<Confidence> rows, double abstain_below) {
  return std::make_shared<ConfidenceScorer>(std::move(rows), abstain_below);
}

}  // namespace gptask
