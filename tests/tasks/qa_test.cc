// Question answering: windows, spans, files.
#include <nlohmann/json.hpp>

#include "gptask/qa/task.h"
#include "support/catch.h"
#include "support/errors.h"
#include "tasks/bench.h"

namespace {

using gpt::Purpose;
using gpt::test::configure;
using gpt::test::Given;
using gptask::QaData;
using gptask::QaTask;
using Json = nlohmann::ordered_json;

using Bench = gpt::test::BenchOf<QaTask, QaData>;

constexpr std::string_view kSquad = R"({"version": "1.1", "data": [{"title": "t", "paragraphs": [
  {"context": "Zoë fell asleep in the old red barn .", "qas": [
    {"id": "a", "question": "Who fell ?", "answers": [{"text": "Zoë", "answer_start": 0}]},
    {"id": "b", "question": "Where ?", "answers": [{"text": "old red barn", "answer_start": 23},
                                                    {"text": "red barn", "answer_start": 27}]}]}]}]})";

/// Scores that are 0 but for these (token, start, end).
std::vector<float> scores(const gpt::Example& example, std::initializer_list<std::array<float, 3>> high) {
  std::vector<float> all(2 * example.tokens.size(), 0.0F);
  for (const auto& [token, start, end] : high) {
    all[2 * static_cast<std::size_t>(token)] = start;
    all[2 * static_cast<std::size_t>(token) + 1] = end;
  }
  return all;
}

}  // namespace

TEST_CASE("qa: a SQuAD file becomes question, passage and end, with the answer's tokens") {
  Bench bench;
  const auto data = bench.read("train.json", kSquad, Purpose::train);
  REQUIRE(data->examples.size() == 2);
  CHECK(bench.tokens(*data, 0) == "Who fell ? / Zoë fell asleep in the old red barn . <end>");
  CHECK(data->examples[0].target.first == 4);
  CHECK(data->examples[0].target.last == 4);
  CHECK(data->examples[1].target.first == 8);  // Where ? / Zoë fell asleep in the old
  CHECK(data->examples[1].target.last == 10);
  CHECK(data->text(1) == "Where ?\nZoë fell asleep in the old red barn .");
  CHECK(data->answer(1) == "old red barn");
  CHECK(data->question(1).answers == std::vector<std::string>{"old red barn", "red barn"});
  CHECK(data->passage_text(0) == data->passage_text(1));
}

TEST_CASE("qa: a long passage is read in windows that overlap") {
  Bench bench(Given{{"doc_stride", "2"}});
  const auto data = bench.read("train.json", kSquad, Purpose::train, 9);
  REQUIRE(data->examples.size() == 7);  // room for 4 and for 5 tokens of 9
  CHECK(bench.tokens(*data, 0) == "Who fell ? / Zoë fell asleep in <end>");
  CHECK(bench.tokens(*data, 1) == "Who fell ? / asleep in the old <end>");
  CHECK(bench.tokens(*data, 2) == "Who fell ? / the old red barn <end>");
  CHECK(bench.tokens(*data, 3) == "Who fell ? / red barn . <end>");
  CHECK(bench.tokens(*data, 4) == "Where ? / Zoë fell asleep in the <end>");
  CHECK(bench.tokens(*data, 5) == "Where ? / in the old red barn <end>");
  CHECK(bench.tokens(*data, 6) == "Where ? / red barn . <end>");
  CHECK(data->rows == std::vector<std::uint64_t>{1, 1, 1, 1, 2, 2, 2});
  CHECK(data->examples[0].target.first == 4);
  CHECK(data->examples[1].target.first == 8);  // not in this window: the end
  CHECK(data->examples[1].target.last == 8);
  CHECK(data->examples[5].target.first == 5);
  const auto some = data->take(std::vector<std::uint32_t>{4, 5});
  CHECK(some->answer(1) == "old red barn");
  CHECK(some->rows == std::vector<std::uint64_t>{2, 2});
}

TEST_CASE("qa: the first questions alone are read") {
  Bench bench;
  const auto data = bench.read("train.json", kSquad, Purpose::train, 400, 1);
  CHECK(data->questions() == 1);
  const char* rows = R"({"question": "Who ?", "context": "Zoë fell", "answers": {"text": ["Zoë"], "answer_start": [0]}}
no JSON)";
  CHECK(bench.read("a.jsonl", rows, Purpose::train, 400, 1)->questions() == 1);
}

TEST_CASE("qa: rows of other formats hold the same") {
  Bench bench;
  const std::string row =
      R"({"id": "a", "question": "Who fell ?", "context": "Zoë fell .", "answers": {"text": ["fell"], "answer_start": [4]}})";
  const auto lines = bench.read("a.jsonl", row + "\n", Purpose::train);
  CHECK(lines->examples[0].target.first == 5);
  const auto table =
      bench.read("a.csv", "question,context,answers,answer_start\nWho fell ?,Zoë fell .,fell,4\n", Purpose::evaluate);
  CHECK(table->examples[0].target.first == 5);
  CHECK(table->question(0).id == "1");
  const auto open = bench.read("b.csv", "question,context\nWho fell ?,Zoë fell .\n", Purpose::predict);
  CHECK(open->examples[0].target.first == -1);
}

TEST_CASE("qa: the best span, its place in code points, and the files of run_qa.py") {
  Bench bench;
  const auto data = bench.read("dev.json", kSquad, Purpose::evaluate);
  const std::vector<std::vector<float>> outputs{
      scores(data->examples[0], {{4, 5, 4}, {5, 1, 3}}),                          // Zoë, then "Zoë fell"
      scores(data->examples[1], {{0, 9, 0}, {9, 4, 0}, {10, 0, 4}, {8, 3, 9}})};  // the question is no answer
  const gpt::Evaluation evaluation = bench.task.evaluate(*data, outputs);
  CHECK(Json::parse(evaluation.files[0].content) == Json{{"a", "Zoë"}, {"b", "old"}});
  CHECK(evaluation.files[0].name == "predictions.json");
  CHECK(evaluation.files[1].name == "nbest_predictions.json");
  CHECK(evaluation.files.size() == 2);
  CHECK(evaluation.metrics.at("exact_match") == Approx(50.0));
  CHECK(evaluation.metrics.at("f1").get<double>() > 50.0);
  const auto best = Json::parse(evaluation.files[1].content).at("a");
  CHECK(best[0].at("text") == "Zoë");
  CHECK(best[0].at("start") == 0);
  CHECK(best[0].at("end") == 3);
  CHECK(best[1].at("text") == "Zoë fell");
  CHECK(best[0].at("probability").get<double>() > best[1].at("probability").get<double>());
  const auto answers = bench.task.answers(*data, outputs);
  CHECK(answers[1].at("answer") == "old");
  CHECK(answers[1].at("start") == 23);
  CHECK(evaluation.baselines.size() == 1);
}

TEST_CASE("qa: windows of a question compete, and a longest answer is kept to") {
  Bench bench(Given{{"doc_stride", "2"}, {"max_answer_length", "2"}});
  const auto data = bench.read("dev.json", kSquad, Purpose::evaluate, 9);
  std::vector<std::vector<float>> outputs;
  for (const gpt::Example& example : data->examples) outputs.push_back(scores(example, {}));
  outputs[1] = scores(data->examples[1], {{4, 2, 0}, {7, 0, 2}});  // four tokens: too long
  outputs[3] = scores(data->examples[3], {{4, 1.5, 0}, {5, 0, 1.5}});
  outputs[5] = scores(data->examples[5], {{5, 1, 1}});
  const auto answers = bench.task.answers(*data, outputs);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].at("answer") == "red barn");
  CHECK(answers[1].at("answer") == "old");
}

TEST_CASE("qa: SQuAD 2.0 may have no answer, by a threshold") {
  const std::string file = R"({"data": [{"paragraphs": [{"context": "a b c", "qas": [)"
                           R"({"id": "x", "question": "q", "is_impossible": true, "answers": []},)"
                           R"({"id": "y", "question": "q", "answers": [{"text": "b", "answer_start": 2}]}]}]}]})";
  Bench bench(Given{{"version_2_with_negative", "true"}});
  const auto data = bench.read("dev.json", file, Purpose::evaluate);
  CHECK(data->examples[0].target.first == 5);  // q / a b c <end>
  const auto first = scores(data->examples[0], {{5, 2, 2}, {3, 1, 1}}), second = scores(data->examples[1], {{3, 2, 2}});
  const std::vector<std::vector<float>> outputs{first, second};
  const gpt::Evaluation evaluation = bench.task.evaluate(*data, outputs);
  CHECK(Json::parse(evaluation.files[0].content) == Json{{"x", ""}, {"y", "b"}});
  CHECK(evaluation.files[2].name == "null_odds.json");
  CHECK(Json::parse(evaluation.files[2].content).at("x") == Approx(2.0));
  CHECK(evaluation.metrics.at("exact") == Approx(100.0));
  configure(bench.task, {{"null_score_diff_threshold", "3"}});
  CHECK(bench.task.answers(*data, outputs)[0].at("answer") == "b");
  Bench plain;
  CHECK_ERROR(plain.read("dev.json", file, Purpose::train), "malformed",
              "question x has no answer; data with such questions needs --version_2_with_negative");
}

TEST_CASE("qa: what is saved answers as before") {
  Bench bench(Given{{"doc_stride", "7"}, {"max_answer_length", "3"}, {"version_2_with_negative", "true"}});
  QaTask other;
  other.restore(bench.task.state());
  CHECK(other.state() == bench.task.state());
  CHECK_ERROR(other.restore(Json{{"template", 1}}), "malformed", "the saved state of the task is damaged");
}

TEST_CASE("qa: errors name the place") {
  Bench bench;
  const auto squad = [&](const std::string& context, const std::string& qas) {
    return bench.read("x.json", R"({"data": [{"paragraphs": [{"context": )" + context + R"(, "qas": )" + qas + "}]}]}",
                      Purpose::train);
  };
  CHECK_ERROR(squad("\"a b\"", R"([{"id": "k", "question": "q", "answers": [{"text": "b", "answer_start": 1}]}])"),
              "malformed", "paragraph 1, question k: the answer \"b\" does not stand at character 1 of the passage");
  CHECK_ERROR(squad("5", "[]"), "malformed", "paragraph 1: \"context\" is missing or of the wrong type");
  CHECK_ERROR(squad("\"a\"", R"([{"id": "k", "question": "q"}])"), "malformed", "\"answers\" must be a list");
  CHECK_ERROR(squad("\"a\"", R"([{"id": "k", "question": "q", "answers": [{"text": "", "answer_start": 0}]}])"),
              "malformed", "an answer is empty");
  CHECK_ERROR(bench.read("x.csv", "question,context,answers,answer_start\nq,a b,b,two\n", Purpose::train), "malformed",
              "answer_start");
  CHECK_ERROR(bench.read("x.csv", "question,context\nq,a\n", Purpose::train), "not_found", "answer_column");
  CHECK_ERROR(bench.read("y.json", kSquad, Purpose::train, 6), "invalid_option", "leaves 1 tokens for the passage");
  CHECK_ERROR(bench.task.from_texts(std::vector<std::string>{"no tab"}, bench.tokenizer, 50), "mismatch",
              "text 1: write the question, a tab, and the passage");
  CHECK_ERROR(configure(bench.task, {{"n_best_size", "0"}}), "invalid_option",
              "--n_best_size must be at least 1, not 0");
}
