#include "train/best.h"

#include <cmath>

namespace gpt {
namespace {

bool better(double score, double than, const TrainOptions& options) {
  if (std::isnan(score)) return false;
  if (std::isnan(than)) return true;
  return options.greater_is_better ? score > than : score < than;
}

}  // namespace

const EvalRecord* best_of(const std::vector<EvalRecord>& evaluations, const TrainOptions& options) {
  const EvalRecord* best = nullptr;
  for (const EvalRecord& evaluation : evaluations)
    if (best == nullptr || better(evaluation.score, best->score, options)) best = &evaluation;
  return best;
}

bool patience_is_over(const std::vector<EvalRecord>& evaluations, const TrainOptions& options) {
  if (options.early_stopping_patience <= 0) return false;
  std::int64_t waited = 0;
  const EvalRecord* best = nullptr;
  for (const EvalRecord& evaluation : evaluations) {
    const bool is_better = best == nullptr || better(evaluation.score, best->score, options);
    const bool enough =
        best == nullptr || !(std::abs(evaluation.score - best->score) <= options.early_stopping_threshold);
    waited = is_better && enough ? 0 : waited + 1;
    if (is_better) best = &evaluation;
  }
  return waited >= options.early_stopping_patience;
}

}  // namespace gpt
