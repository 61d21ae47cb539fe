#include "gpt/core/error.h"
#include "gptask/toolkit/scorers.h"

namespace gptask {
namespace {

class JoinedScorer : public gpt::Scorer {
 public:
  JoinedScorer(ScorerPointer one, ScorerPointer other) : one_(std::move(one)), other_(std::move(other)) {
    if (one_->rows() != other_->rows())
      gpt::fail(gpt::ErrorCode::mismatch, "scorers of {} and {} rows cannot be joined", one_->rows(), other_->rows());
  }
  std::size_t rows() const override { return one_->rows(); }
  nlohmann::ordered_json metrics(std::span<const std::uint32_t> rows) const override {
    nlohmann::ordered_json metrics = one_->metrics(rows);
    metrics.update(other_->metrics(rows));
    return metrics;
  }
  /// The metrics that both have: with a scorer of one part, those of the first.
  ScorerPointer followed_by(const gpt::Scorer& other) const override {
    const auto* second = dynamic_cast<const JoinedScorer*>(&other);
    if (second == nullptr) return one_->followed_by(other);
    return joined_scorer(one_->followed_by(*second->one_), other_->followed_by(*second->other_));
  }
  const gpt::Scorer* first_part() const override { return one_.get(); }

 private:
  ScorerPointer one_, other_;
};

}  // namespace

ScorerPointer joined_scorer(ScorerPointer one, ScorerPointer other) {
  return std::make_shared<JoinedScorer>(std::move(one), std::move(other));
}

}  // namespace gptask
