// A task in a program: gptask::Sentiment, and the example that links it.
#include <clocale>
#include <thread>

#include "apps/gptask.h"
#include "gptask/classification/pipeline.h"
#include "gptask/sentiment/pipeline.h"
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
