// A kind of answer: how its references are read, how a file of predictions is scored, what trivial answers there are.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gptask/toolkit/predictions.h"

namespace gptask {

struct ScoredPredictions {
  ScorerPointer scorer;
  std::vector<nlohmann::ordered_json> rows;  ///< what became of each row
};

class AnswerKind {
 public:
  virtual ~AnswerKind() = default;
  /// File `index` of request.predictions.
  virtual ScoredPredictions score(std::size_t index) const = 0;
  virtual std::vector<gpt::Evaluation::Baseline> baselines() const = 0;
  virtual std::string main_metric() const = 0;
  /// How figures are made.
  virtual nlohmann::ordered_json notes() const { return nlohmann::ordered_json::object(); }
};

/// Read the references. The request must outlive the result.
std::unique_ptr<AnswerKind> make_labels(const PredictionRequest& request);
std::unique_ptr<AnswerKind> make_multi_label(const PredictionRequest& request);
std::unique_ptr<AnswerKind> make_numbers(const PredictionRequest& request);
std::unique_ptr<AnswerKind> make_choices(const PredictionRequest& request);
std::unique_ptr<AnswerKind> make_spans(const PredictionRequest& request);
std::unique_ptr<AnswerKind> make_summaries(const PredictionRequest& request);
std::unique_ptr<AnswerKind> make_translations(const PredictionRequest& request);

}  // namespace gptask
