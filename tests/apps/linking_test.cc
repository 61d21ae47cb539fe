// A task in a program: gptask::Sentiment, and the example that links it.
#include <clocale>
#include <thread>

#include "apps/gptask.h"
#include "gptask/classification/pipeline.h"
#include "gptask/multiple_choice/pipeline.h"
#include "gptask/qa/pipeline.h"
#include "gptask/sentiment/pipeline.h"
#include "gptask/summarization/pipeline.h"
#include "gptask/translation/pipeline.h"
#include "support/errors.h"

using namespace gptask::test;

namespace {

const std::vector<std::string> texts = {"film 1 is good", "film 2 is awful", "x", ""};

void same(const std::vector<gptask::LabelAnswer>& a, const std::vector<gptask::LabelAnswer>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].label == b[i].label);
    CHECK(a[i].probability == b[i].probability);
  }
}

/// Trains on the file for two steps in folder "run".
void tune(const Workspace& work, const std::string& task, const std::string& name, const std::string& content,
          const std::vector<std::string>& more) {
  put(work.scratch / name, content);
  std::vector<std::string> arguments = {
      "finetune",      task,           "--model",        work.path("model"), "--train-file",
      work.path(name), "--output-dir", work.path("run"), "--max-steps",      "2"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Outcome outcome = run_gptask(arguments);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
}

/// What `gptask predict` says of a text.
Json predicted(const Workspace& work, const std::string& text) {
  const Outcome outcome = run_gptask({"predict", "--model", work.path("run"), "--text", text, "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return Json::parse(outcome.out);
}

}  // namespace

TEST_CASE("a linked sentiment model answers from many threads at once", "[apps][linking]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "8"})).code == 0);
  gptask::LoadOptions options;
  options.threads = 2;
  const auto sentiment = gptask::Sentiment::load(work.scratch / "run", options);
  const auto expected = sentiment.predict(texts);
  REQUIRE(expected.size() == texts.size());
  CHECK(expected[0].probabilities.size() == 2);
  CHECK(sentiment.labels() == std::vector<std::string>{"fresh", "rotten"});
  std::vector<std::vector<gptask::LabelAnswer>> answers(8);
  std::vector<std::thread> threads;
  for (auto& answer : answers)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) answer = sentiment.predict(texts);
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& answer : answers) same(answer, expected);
  CHECK(std::string(std::setlocale(LC_ALL, nullptr)) == "C");
}

TEST_CASE("a linked qa model answers as the program does, at its place in the passage", "[apps][linking]") {
  const Workspace work;
  tune(
      work, "qa", "squad.jsonl",
      R"({"question": "Who?", "context": "Zo\u00eb sat in a barn.", "answers": {"text": ["a barn"], "answer_start": [11]}})"
      "\n",
      {"--doc-stride", "8", "--max-query-length", "16"});
  const auto qa = gptask::QuestionAnswering::load(work.scratch / "run");
  const auto answers = qa.answer({{"Who?", "Zo\u00eb sat in a barn."}, {"Who\tsat?", "Ann sat."}});
  REQUIRE(answers.size() == 2);
  const Json told = predicted(work, "Who?\tZo\u00eb sat in a barn.");
  CHECK(answers[0].answer == told.at("answer"));
  CHECK(answers[0].start == told.at("start"));
  CHECK(answers[0].end == told.at("end"));
  CHECK(answers[1].answer == std::string("Ann sat.").substr(answers[1].start, answers[1].end - answers[1].start));
}

TEST_CASE("linked models that write say what the program says", "[apps][linking]") {
  const std::vector<std::string> lengths = {"--max-target-length", "8"};
  {
    const Workspace work;
    tune(work, "summarization", "rows.jsonl", "{\"document\": \"a long one\", \"summary\": \"short\"}\n", lengths);
    const auto written = gptask::Summarizer::load(work.scratch / "run").summarize({"a long one", "two"});
    REQUIRE(written.size() == 2);
    CHECK(written[0] == predicted(work, "a long one").at("answer"));
  }
  const Workspace work;
  tune(work, "translation", "rows.jsonl", "{\"translation\": {\"en\": \"a dog\", \"de\": \"ein Hund\"}}\n",
       {"--source-lang", "en", "--target-lang", "de", "--max-target-length", "8"});
  const auto written = gptask::Translator::load(work.scratch / "run").translate({"a dog"});
  REQUIRE(written.size() == 1);
  CHECK(written[0] == predicted(work, "a dog").at("answer"));
}

TEST_CASE("a linked multiple-choice model chooses, tuned or not", "[apps][linking]") {
  const Workspace work;
  tune(work, "multiple-choice", "rows.jsonl", "{\"question\": \"2+2\", \"choices\": [\"3\", \"4\"], \"label\": 1}\n",
       {});
  const std::vector<gptask::ChoiceQuestion> questions = {{"2+2", {"3", "4"}}, {"1+1", {"2", "3"}}};
  const auto answers = gptask::MultipleChoice::load(work.scratch / "run").choose(questions);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].choice == predicted(work, "2+2\t3\t4").at("label"));
  CHECK(answers[0].probabilities.size() == 2);
  gptask::LoadOptions untuned;
  untuned.untuned = "multiple-choice";
  const auto likeliest = gptask::MultipleChoice::load(work.scratch / "model", untuned).choose(questions);
  REQUIRE(likeliest.size() == 2);
  CHECK(likeliest[0].probabilities[0] + likeliest[0].probabilities[1] == Approx(1));
}

TEST_CASE("a merged model is loaded from memory", "[apps][linking]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "8"})).code == 0);
  REQUIRE(run_gptask({"merge", "--model", work.path("run"), "--output-dir", work.path("merged")}).code == 0);
  const auto on_disk = gptask::Sentiment::load(work.scratch / "merged").predict(texts);
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(work.scratch / "merged"))
    files[entry.path().filename().string()] = get(entry.path());
  std::filesystem::remove_all(work.scratch / "merged");
  same(gptask::Sentiment::load(files).predict(texts), on_disk);
  files["../gptask.json"] = "";
  CHECK_ERROR(gptask::Sentiment::load(files), "invalid_option", "is no plain file name");
}

TEST_CASE("a model of another task says what is missing", "[apps][linking]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "1"})).code == 0);
  const auto run = work.scratch / "run";
  CHECK_ERROR(gptask::Classifier::load(run), "plugin",
              "was made by task \"sentiment\", version 1 (plugin sentiment.so), which is not loaded");
  Json manifest = work.json("run/gptask.json");
  manifest["task"]["version"] = 2;
  put(run / "gptask.json", manifest.dump());
  CHECK_ERROR(gptask::Sentiment::load(run), "plugin", "made by version 2 of task \"sentiment\"; version 1");
  manifest["task"].erase("version");
  put(run / "gptask.json", manifest.dump());
  CHECK_ERROR(gptask::Sentiment::load(run), "malformed", "\"task.version\" is missing");
}

TEST_CASE("review_filter prints the lines that have a label", "[apps][linking]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "8"})).code == 0);
  const std::string lines = "film 1 is good\n\nfilm 2 is awful\n";
  const auto filter = [&](const std::string& label, const std::string& least) {
    return run({REVIEW_FILTER, work.path("run"), label, least}, lines);
  };
  const auto fresh = filter("fresh", "0"), rotten = filter("rotten", "0");
  CHECK(fresh.code == 0);
  CHECK(rotten.code == 0);
  const std::string both = fresh.out + rotten.out;
  CHECK(std::count(both.begin(), both.end(), '\n') == 2);
  CHECK(filter("fresh", "1.1").out.empty());
  CHECK(filter("boring", "0").code == 2);
  CHECK(filter("fresh", "x").code == 2);
  CHECK(run({REVIEW_FILTER, work.path("none"), "fresh"}).code == 1);
}
