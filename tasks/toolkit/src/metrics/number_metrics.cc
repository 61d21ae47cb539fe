#include "gptask/toolkit/number_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "gpt/core/error.h"

namespace gptask {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

void check_lengths(std::size_t truth, std::size_t predicted) {
  if (truth != predicted) gpt::fail(gpt::ErrorCode::mismatch, "{} true values but {} predictions", truth, predicted);
}

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The positions of the values, smallest value first.
std::vector<std::size_t> sorted_order(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

}  // namespace

double mean_squared_error(std::span<const double> truth, std::span<const double> predicted) {
  check_lengths(truth.size(), predicted.size());
  double sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) sum += (truth[i] - predicted[i]) * (truth[i] - predicted[i]);
  return truth.empty() ? undefined : sum / static_cast<double>(truth.size());
}

double pearson(std::span<const double> truth, std::span<const double> predicted) {
  check_lengths(truth.size(), predicted.size());
  if (truth.size() < 2) return undefined;
  const double truth_mean = mean(truth), predicted_mean = mean(predicted);
  double both = 0, truth_squares = 0, predicted_squares = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double t = truth[i] - truth_mean, p = predicted[i] - predicted_mean;
    both += t * p;
    truth_squares += t * t;
    predicted_squares += p * p;
  }
  const double spread = std::sqrt(truth_squares) * std::sqrt(predicted_squares);
  return spread == 0 ? undefined : both / spread;
}

std::vector<double> ranks(std::span<const double> values) {
  const std::vector<std::size_t> order = sorted_order(values);
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double shared = static_cast<double>(begin + end + 1) / 2;
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = shared;
  }
  return ranks;
}

double spearman(std::span<const double> truth, std::span<const double> predicted) {
  check_lengths(truth.size(), predicted.size());
  return pearson(ranks(truth), ranks(predicted));
}

double roc_auc(std::span<const std::int32_t> truth, std::span<const double> scores) {
  check_lengths(truth.size(), scores.size());
  const std::vector<double> rank = ranks(scores);
  double positives = 0, rank_sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] != 1) continue;
    ++positives;
    rank_sum += rank[i];
  }
  const double negatives = static_cast<double>(truth.size()) - positives;
  if (positives == 0 || negatives == 0) return undefined;
  return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);  // Mann and Whitney's U, scaled
}

double average_precision(std::span<const std::int32_t> truth, std::span<const double> scores) {
  check_lengths(truth.size(), scores.size());
  std::vector<std::size_t> order = sorted_order(scores);
  std::reverse(order.begin(), order.end());
  const auto positives = static_cast<double>(std::count(truth.begin(), truth.end(), 1));
  double found = 0, sum = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const double before = found;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end)
      found += truth[order[end]] == 1 ? 1 : 0;
    sum += (found - before) * found / static_cast<double>(end);
  }
  return positives == 0 ? 0 : sum / positives;
}

}  // namespace gptask
