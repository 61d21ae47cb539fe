#include "gpt/plugin/scorer.h"

#include <numeric>

namespace gpt {

Scorer::~Scorer() = default;

nlohmann::ordered_json Scorer::all() const {
  std::vector<std::uint32_t> every(rows());
  std::iota(every.begin(), every.end(), 0U);
  return metrics(every);
}

SumScorer::SumScorer(std::size_t width, std::vector<double> statistics, Formula formula)
    : width_(width), statistics_(std::move(statistics)), formula_(std::move(formula)) {
  if (width_ == 0 || statistics_.size() % width_ != 0)
    fail(ErrorCode::mismatch, "{} statistics are no rows of {}", statistics_.size(), width_);
}

SumScorer::Json SumScorer::metrics(std::span<const std::uint32_t> rows) const {
  std::vector<double> sums(width_);
  for (const std::uint32_t i : rows) {
    const double* statistics = statistics_.data() + i * width_;
    for (std::size_t k = 0; k < width_; ++k) sums[k] += statistics[k];
  }
  return formula_(sums, static_cast<double>(rows.size()));
}

std::shared_ptr<const Scorer> SumScorer::followed_by(const Scorer& other) const {
  const auto& second = same_kind<SumScorer>(other);
  if (second.width_ != width_)
    fail(ErrorCode::mismatch, "rows of {} and of {} statistics cannot be exchanged; take --paired_test bootstrap",
         width_, second.width_);
  std::vector<double> both = statistics_;
  both.insert(both.end(), second.statistics_.begin(), second.statistics_.end());
  return std::make_shared<SumScorer>(width_, std::move(both), formula_);
}

}  // namespace gpt
