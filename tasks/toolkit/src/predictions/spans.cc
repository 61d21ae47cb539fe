// Answers to questions: SQuAD 1.1 and 2.0.
#include <algorithm>

#include "gpt/core/error.h"
#include "gptask/toolkit/sentences.h"
#include "predictions/kinds.h"
#include "predictions/squad_file.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;

class Spans : public AnswerKind {
 public:
  explicit Spans(const PredictionRequest& request) : request_(request) {
    if (request.references.size() != 1)
      gpt::fail(gpt::ErrorCode::invalid_option, "--references: qa takes one file, not {}", request.references.size());
    if (!request.no_answer_files.empty() && request.no_answer_files.size() != request.predictions.size())
      gpt::fail(gpt::ErrorCode::invalid_option,
                "--na_prob_file: {} files for {} files of predictions; give one for each",
                request.no_answer_files.size(), request.predictions.size());
    file_ = read_squad(request.references[0]);
    if (request.version2) file_.version2 = *request.version2;
    source_ = request.references[0].string();
  }

  ScoredPredictions score(std::size_t index) const override {
    const std::string name = request_.predictions[index].string();
    const nlohmann::json predictions = read_by_id(request_.predictions[index]);
    SquadOptions options = plain();
    nlohmann::json no_answer;
    if (!request_.no_answer_files.empty()) {
      no_answer = read_by_id(request_.no_answer_files[index]);
      options.no_answer_scores = options.version2;
      options.no_answer_threshold = request_.no_answer_threshold;
    }
    std::vector<AnsweredQuestion> answered;
    std::vector<Json> rows;
    for (const SquadQuestion& question : file_.questions) {
      AnsweredQuestion one;
      one.has_answer = !question.answers.empty();
      const std::string predicted = prediction_of(predictions, question.id, name);
      if (predictions.contains(question.id)) one.score = score_answer(predicted, question.answers, options.version2);
      one.predicted_answer = !predicted.empty();
      if (options.no_answer_scores)
        one.no_answer = number_of(no_answer, question.id, request_.no_answer_files[index].string());
      rows.push_back({{"id", question.id},
                      {"question", question.question},
                      {"prediction", predicted},
                      {"references", question.answers},
                      {"exact", one.score.exact},
                      {"f1", one.score.f1}});
      answered.push_back(one);
    }
    return {squad_scorer(std::move(answered), options), std::move(rows)};
  }

  std::vector<gpt::Evaluation::Baseline> baselines() const override {
    std::vector<AnsweredQuestion> answered;
    const bool passages = std::any_of(file_.questions.begin(), file_.questions.end(),
                                      [](const auto& one) { return !one.passage.empty(); });
    if (!file_.version2 && !passages) return {};
    for (const SquadQuestion& question : file_.questions) {
      const std::string answer = file_.version2 ? "" : lead(question.passage, 1);
      answered.push_back(
          {score_answer(answer, question.answers, file_.version2), !question.answers.empty(), !answer.empty()});
    }
    return {{file_.version2 ? "no answer to any question" : "the first sentence of the passage",
             squad_scorer(std::move(answered), plain())}};
  }
  std::string main_metric() const override { return "f1"; }
  Json notes() const override {
    return {{"SQuAD", file_.version2 ? "scored as the script of version 2.0" : "scored as the script of version 1.1"}};
  }

 private:
  SquadOptions plain() const {
    SquadOptions options;
    options.version2 = file_.version2;
    return options;
  }

  /// Without a prediction version 1.1 gives no point; the script of 2.0 stops.
  std::string prediction_of(const nlohmann::json& predictions, const std::string& id, const std::string& file) const {
    const auto found = predictions.find(id);
    if (found == predictions.end()) {
      if (file_.version2)
        gpt::fail(gpt::ErrorCode::mismatch,
                  "{} has nothing for the question \"{}\" of {}; no answer is written as \"\"", file, id, source_);
      return "";
    }
    if (!found->is_string())
      gpt::fail(gpt::ErrorCode::malformed, "{}: the answer to \"{}\" is {}, not a text", file, id, found->type_name());
    return *found;
  }
  double number_of(const nlohmann::json& values, const std::string& id, const std::string& file) const {
    const auto found = values.find(id);
    if (found == values.end() || !found->is_number())
      gpt::fail(gpt::ErrorCode::mismatch, "{} has no number for the question \"{}\" of {}", file, id, source_);
    return *found;
  }

  const PredictionRequest& request_;
  SquadFile file_;
  std::string source_;
};

}  // namespace

std::unique_ptr<AnswerKind> make_spans(const PredictionRequest& request) { return std::make_unique<Spans>(request); }

}  // namespace gptask
