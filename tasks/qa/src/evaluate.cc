#include "gpt/core/error.h"
#include "gptask/qa/task.h"
#include "gptask/toolkit/squad_metrics.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;

/// Each question's answer, in the order of the questions.
std::vector<QuestionAnswer> answer_all(const QaData& data, std::span<const std::vector<float>> outputs,
                                       const SpanOptions& options) {
  const std::vector<Window>& windows = data.windows();
  if (outputs.size() != windows.size())
    gpt::fail(gpt::ErrorCode::mismatch, "{} outputs for {} windows", outputs.size(), windows.size());
  std::vector<QuestionAnswer> answers;
  for (std::size_t begin = 0, end = 0; begin < outputs.size(); begin = end) {
    while (end < outputs.size() && windows[end].question == windows[begin].question) ++end;
    answers.push_back(find_answer(data, begin, outputs.subspan(begin, end - begin), options));
  }
  return answers;
}

Json best_json(const QuestionAnswer& answer) {
  Json list = Json::array();
  for (const Span& span : answer.best)
    list.push_back({{"text", span.text},
                    {"probability", span.probability},
                    {"start_logit", span.start_score},
                    {"end_logit", span.end_score},
                    {"start", span.code_points.begin},
                    {"end", span.code_points.end}});
  return list;
}

Json answer_json(const QuestionAnswer& answer, bool version2) {
  const Span& span = answer.chosen();
  Json json{{"answer", answer.text},
            {"start", span.code_points.begin},
            {"end", span.code_points.end},
            {"probability", span.probability}};
  if (version2) json["no_answer_score"] = answer.no_answer_score;
  json["nbest"] = best_json(answer);
  return json;
}

/// The passage up to its first full stop.
std::string first_sentence(const std::string& text) {
  const std::size_t end = text.find(". ");
  return text.substr(0, end == std::string::npos ? text.size() : end + 1);
}

Json mistakes(const QaData& data, const std::vector<QuestionAnswer>& answers,
              const std::vector<AnsweredQuestion>& scored) {
  constexpr std::size_t most = 20;
  Json list = Json::array();
  for (std::size_t i = 0, row = 0; i < data.questions() && list.size() < most; ++i) {
    const Question question = data.question(i);
    if (!question.known) continue;
    if (const AnsweredQuestion& score = scored[row++]; score.score.exact > 0) continue;
    list.push_back({{"row", i + 1},
                    {"text", question.text},
                    {"truth", question.answers.empty() ? "(no answer)" : question.answers.front()},
                    {"answer", answers[i].text.empty() ? "(no answer)" : answers[i].text},
                    {"probability", answers[i].chosen().probability}});
  }
  return list;
}

}  // namespace

gpt::Evaluation QaTask::evaluate(const gpt::TaskData& any, std::span<const std::vector<float>> outputs) const {
  const auto& data = static_cast<const QaData&>(any);
  const std::vector<QuestionAnswer> answers = answer_all(data, outputs, spans_);
  Json predictions = Json::object(), best = Json::object(), odds = Json::object();
  std::vector<AnsweredQuestion> scored, first_sentences, silent;
  gpt::Evaluation evaluation;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Question question = data.question(i);
    predictions[question.id] = answers[i].text;
    best[question.id] = best_json(answers[i]);
    odds[question.id] = answers[i].no_answer_score;
    if (!question.known) continue;
    const bool has_answer = !question.answers.empty();
    const auto score = [&](const std::string& text, double no_answer) {
      return AnsweredQuestion{score_answer(text, question.answers, spans_.version2), has_answer, !text.empty(),
                              no_answer};
    };
    scored.push_back(score(answers[i].text, answers[i].no_answer_score));
    first_sentences.push_back(score(first_sentence(data.passage_text(i)), 0));
    silent.push_back(score("", 0));
    evaluation.rows.push_back({{"id", question.id},
                               {"answer", answers[i].text},
                               {"truth", question.answers},
                               {"exact", scored.back().score.exact},
                               {"f1", scored.back().score.f1}});
  }
  evaluation.files.push_back({"predictions.json", predictions.dump(4) + "\n"});
  evaluation.files.push_back({"nbest_predictions.json", best.dump(4) + "\n"});
  if (spans_.version2) evaluation.files.push_back({"null_odds.json", odds.dump(4) + "\n"});
  if (scored.empty()) return evaluation;
  evaluation.details["mistakes"] = mistakes(data, answers, scored);
  SquadOptions options;
  options.version2 = spans_.version2;
  if (spans_.version2) evaluation.baselines.push_back({"never an answer", squad_scorer(std::move(silent), options)});
  evaluation.baselines.push_back({"the passage's first sentence", squad_scorer(std::move(first_sentences), options)});
  options.no_answer_scores = spans_.version2;
  options.no_answer_threshold = spans_.null_threshold;
  evaluation.scorer = squad_scorer(std::move(scored), options);
  evaluation.metrics = evaluation.scorer->all();
  evaluation.baseline["name"] = evaluation.baselines[0].name;
  evaluation.baseline.update(evaluation.baselines[0].scorer->all());
  return evaluation;
}

std::vector<Json> QaTask::answers(const gpt::TaskData& any, std::span<const std::vector<float>> outputs) const {
  std::vector<Json> list;
  for (const QuestionAnswer& answer : answer_all(static_cast<const QaData&>(any), outputs, spans_))
    list.push_back(answer_json(answer, spans_.version2));
  return list;
}

Json QaTask::answer(const gpt::TaskData& any, std::size_t i, std::span<const float> output) const {
  const std::vector<float> scores(output.begin(), output.end());
  return answer_json(find_answer(static_cast<const QaData&>(any), i, {&scores, 1}, spans_), spans_.version2);
}

}  // namespace gptask
