#include "gptask/toolkit/squad_metrics.h"

#include "support/errors.h"
#include "support/paths.h"
#include "tasks/reference_json.h"

namespace {

using gptask::AnsweredQuestion;
using gptask::SquadOptions;
using Json = nlohmann::json;

/// The questions of a SQuAD file with their predictions.
std::vector<AnsweredQuestion> answered(const Json& dataset, const Json& predictions, const Json& no_answer,
                                       bool version2) {
  std::vector<AnsweredQuestion> questions;
  for (const auto& article : dataset.at("data"))
    for (const auto& paragraph : article.at("paragraphs"))
      for (const auto& question : paragraph.at("qas")) {
        const std::string id = question.at("id");
        if (!predictions.contains(id)) {  // the script of 1.1 gives no point; that of 2.0 stops
          questions.emplace_back();
          continue;
        }
        const std::string predicted = predictions.at(id);
        std::vector<std::string> references;
        for (const auto& answer : question.at("answers")) references.push_back(answer.at("text"));
        AnsweredQuestion one;
        one.score = gptask::score_answer(predicted, references, version2);
        one.has_answer = !references.empty();
        one.predicted_answer = !predicted.empty();
        if (no_answer.is_object()) one.no_answer = no_answer.at(id);
        questions.push_back(one);
      }
  return questions;
}

void check(const nlohmann::ordered_json& metrics, const Json& expected) {
  for (const auto& [name, value] : expected.items()) {
    INFO(name);
    REQUIRE(metrics.contains(name));
    gpt::test::check_near(metrics.at(name), value);
  }
}

}  // namespace

TEST_CASE("answers are scored as the scripts of SQuAD score them") {
  GPT_NEED(reference, gpt::test::reference());
  const Json cases = gpt::test::json_of(reference / "metrics" / "squad.json");
  CHECK(cases.size() >= 8);
  for (const auto& one : cases) {
    SquadOptions options;
    options.version2 = one.at("version") != "1.1";
    options.no_answer_scores = one.at("no_answer_probabilities").is_object();
    if (options.no_answer_scores) options.no_answer_threshold = one.at("no_answer_threshold");
    const auto questions =
        answered(one.at("dataset"), one.at("predictions"), one.at("no_answer_probabilities"), options.version2);
    check(gptask::squad_scorer(questions, options)->all(), one.at("scores"));
  }
}

TEST_CASE("published predictions on SQuAD have their published scores") {
  GPT_NEED(data, gpt::test::data());
  const auto folder = data / "squad11" / "eval_cases";
  for (const bool version2 : {false, true}) {
    const std::string version = version2 ? "2.0" : "1.1";
    const Json dataset = gpt::test::json_of(data / "squad11" / ("dev-v" + version + ".json.zst"));
    const Json cases = gpt::test::json_of(folder / ("expected_v" + version + ".json"));
    for (const auto& [name, expected] : cases.items()) {
      INFO(name);
      const Json predictions = gpt::test::json_of(folder / ((version2 ? "pred_v2_" : "pred_") + name + ".json.gz"));
      const auto metrics =
          gptask::squad_scorer(answered(dataset, predictions, {}, version2), {.version2 = version2})->all();
      gpt::test::check_near(metrics.at(version2 ? "exact" : "exact_match"),
                            expected.at(version2 ? "exact" : "exact_match"));
      gpt::test::check_near(metrics.at("f1"), expected.at("f1"));
    }
  }
}

TEST_CASE("answers are compared without case, punctuation, articles and extra space") {
  CHECK(gptask::normalize_answer("  The  Theory, of an \"A.N.\" Other\xE2\x80\x94"
                                 "a! ") == "theory of other\xE2\x80\x94");
  CHECK(gptask::normalize_answer("a_b the-end") == "ab theend");
  const std::vector<std::string> none, articles = {"the"}, references = {"red fox", "fox"};
  CHECK(gptask::score_answer("A red fox!", references, false).exact == 1);
  CHECK(gptask::score_answer("red fox red", references, false).f1 == Approx(0.8));
  CHECK(gptask::score_answer("", articles, false).exact == 1);
  CHECK(gptask::score_answer("", articles, false).f1 == 0);
  CHECK(gptask::score_answer("", articles, true).f1 == 1);
  CHECK(gptask::score_answer("", none, true).exact == 1);
  CHECK(gptask::score_answer("fox", none, true).exact == 0);
  CHECK_ERROR(gptask::score_answer("fox", none, false), "mismatch", "only SQuAD 2.0 allows");
}
