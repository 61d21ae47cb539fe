#include "gptask/toolkit/label_metrics.h"

#include <cmath>
#include <numeric>

#include "gpt/core/error.h"

namespace gptask {
namespace {

double quotient(double numerator, double denominator) { return denominator == 0 ? 0 : numerator / denominator; }

double as_double(std::int64_t count) { return static_cast<double>(count); }

}  // namespace

Confusion::Confusion(std::size_t labels, std::span<const std::int32_t> truth, std::span<const std::int32_t> predicted)
    : Confusion(labels) {
  if (truth.size() != predicted.size())
    gpt::fail(gpt::ErrorCode::mismatch, "{} true labels but {} predictions", truth.size(), predicted.size());
  const auto checked = [&](std::int32_t label) {
    if (label < 0 || static_cast<std::size_t>(label) >= labels)
      gpt::fail(gpt::ErrorCode::mismatch, "label {} is outside 0 .. {}", label, labels - 1);
    return static_cast<std::size_t>(label);
  };
  for (std::size_t i = 0; i < truth.size(); ++i) add(checked(truth[i]), checked(predicted[i]));
}

std::int64_t Confusion::total() const { return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0}); }

std::int64_t Confusion::truths(std::size_t label) const {
  std::int64_t sum = 0;
  for (std::size_t other = 0; other < labels_; ++other) sum += count(label, other);
  return sum;
}

std::int64_t Confusion::predictions(std::size_t label) const {
  std::int64_t sum = 0;
  for (std::size_t other = 0; other < labels_; ++other) sum += count(other, label);
  return sum;
}

double Confusion::accuracy() const {
  std::int64_t right = 0;
  for (std::size_t label = 0; label < labels_; ++label) right += count(label, label);
  return quotient(as_double(right), as_double(total()));
}

LabelScores Confusion::scores(std::size_t label) const {
  const double right = as_double(count(label, label));
  LabelScores scores;
  scores.support = truths(label);
  scores.precision = quotient(right, as_double(predictions(label)));
  scores.recall = quotient(right, as_double(scores.support));
  scores.f1 = quotient(2 * right, as_double(predictions(label) + scores.support));
  return scores;
}

double Confusion::f1_macro() const {
  double sum = 0, occurring = 0;
  for (std::size_t label = 0; label < labels_; ++label) {
    if (truths(label) + predictions(label) == 0) continue;
    sum += scores(label).f1;
    ++occurring;
  }
  return quotient(sum, occurring);
}

double Confusion::f1_weighted() const {
  double sum = 0;
  for (std::size_t label = 0; label < labels_; ++label) sum += scores(label).f1 * as_double(truths(label));
  return quotient(sum, as_double(total()));
}

double Confusion::matthews() const {
  const double rows = as_double(total());
  double right = 0, both = 0, truth_squares = 0, predicted_squares = 0;
  for (std::size_t label = 0; label < labels_; ++label) {
    const double t = as_double(truths(label)), p = as_double(predictions(label));
    right += as_double(count(label, label));
    both += t * p;
    truth_squares += t * t;
    predicted_squares += p * p;
  }
  const double spread = std::sqrt(rows * rows - truth_squares) * std::sqrt(rows * rows - predicted_squares);
  return quotient(right * rows - both, spread);
}

}  // namespace gptask
