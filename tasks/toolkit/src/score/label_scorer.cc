#include "gpt/core/error.h"
#include "gptask/toolkit/scorers.h"
#include "score/joined.h"

namespace gptask {
namespace {

class LabelScorer : public gpt::Scorer {
 public:
  LabelScorer(std::size_t labels, std::vector<std::int32_t> truth, std::vector<std::int32_t> predicted, bool combined)
      : labels_(labels), truth_(std::move(truth)), predicted_(std::move(predicted)), combined_(combined) {
    Confusion(labels_, truth_, predicted_);  // checks lengths and ranges
  }

  std::size_t rows() const override { return truth_.size(); }
  nlohmann::ordered_json metrics(std::span<const std::uint32_t> rows) const override {
    Confusion confusion(labels_);
    for (const std::uint32_t i : rows)
      confusion.add(static_cast<std::size_t>(truth_[i]), static_cast<std::size_t>(predicted_[i]));
    return label_scores(confusion, combined_);
  }
  std::shared_ptr<const gpt::Scorer> followed_by(const gpt::Scorer& other) const override {
    const auto& second = gpt::same_kind<LabelScorer>(other);
    if (second.labels_ != labels_)
      gpt::fail(gpt::ErrorCode::mismatch,
                "one system knows {} labels and the other {}, so their rows cannot be exchanged; take --paired_test "
                "bootstrap",
                labels_, second.labels_);
    return label_scorer(labels_, joined(truth_, second.truth_), joined(predicted_, second.predicted_), combined_);
  }

 private:
  std::size_t labels_;
  std::vector<std::int32_t> truth_, predicted_;
  bool combined_;
};

}  // namespace

nlohmann::ordered_json label_scores(const Confusion& confusion, bool combined) {
  nlohmann::ordered_json scores;
  scores["accuracy"] = confusion.accuracy();
  if (confusion.labels() == 2) {
    const LabelScores second = confusion.scores(1);
    scores["f1"] = second.f1;
    scores["precision"] = second.precision;
    scores["recall"] = second.recall;
  }
  scores["f1_macro"] = confusion.f1_macro();
  scores["f1_weighted"] = confusion.f1_weighted();
  scores["matthews_correlation"] = confusion.matthews();
  if (combined && confusion.labels() == 2)
    scores["combined_score"] = (confusion.accuracy() + confusion.scores(1).f1) / 2;
  return scores;
}

ScorerPointer label_scorer(std::size_t labels, std::vector<std::int32_t> truth, std::vector<std::int32_t> predicted,
                           bool combined) {
  return std::make_shared<LabelScorer>(labels, std::move(truth), std::move(predicted), combined);
}

}  // namespace gptask
