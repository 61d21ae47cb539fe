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

 private:
  ScorerPointer one_, other_;
};

}  // namespace

ScorerPointer joined_scorer(ScorerPointer one, ScorerPointer other) {
  return std::make_shared<JoinedScorer>(std::move(one), std::move(other));
}

}  // namespace gptask
