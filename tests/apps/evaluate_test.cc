// gptask evaluate: several models and files, an evaluation that is interrupted, predictions without a model.
#include "gptask/toolkit/evaluate.h"

#include <sstream>

#include "apps/gptask.h"
#include "gptask/sentiment/task.h"
#include "support/errors.h"

using namespace gptask::test;

namespace {

gpt::Registry sentiment_registry() {
  gpt::Registry registry;
  gpt::Registrar registrar;
  registrar.task<gptask::SentimentTask>("sentiment", 1);
  registry.add(std::move(registrar), {});
  return registry;
}

/// Asks to stop once so many examples are done; -1: never.
class Stopper : public gptask::Observer {
 public:
  explicit Stopper(std::size_t after) : after_(after) {}
  void inferred(std::size_t done, std::size_t) override {
    stop_ = done >= after_;
    ++calls;
  }
  bool stop_requested() override { return stop_; }
  int calls = 0;

 private:
  std::size_t after_;
  bool stop_ = false;
};

constexpr std::size_t never = static_cast<std::size_t>(-1);

}  // namespace

TEST_CASE("several models on several files make one table", "[apps]") {
  const Workspace work;
  write_reviews(work.scratch / "more.csv", 12, 5);
  REQUIRE(run_gptask(work.finetune("one", {"--max-steps", "2"})).code == 0);
  REQUIRE(run_gptask(work.finetune("two", {"--max-steps", "12", "--seed", "3"})).code == 0);
  const std::vector<std::string> command = {"evaluate",
                                            "--model",
                                            work.path("one"),
                                            work.path("two"),
                                            "--test-file",
                                            work.path("test.csv"),
                                            work.path("more.csv"),
                                            "--output-dir",
                                            work.path("out"),
                                            "--bootstrap-samples",
                                            "100",
                                            "--latency-samples",
                                            "2",
                                            "--json"};
  const auto outcome = run_gptask(command);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json printed = Json::parse(outcome.out);
  CHECK(printed.at("results").size() == 4);
  const Json table = work.json("out/evaluation.json");
  CHECK(table == printed.at("table"));
  CHECK(table.at("systems").size() == 8);  // a trivial answer beside each
  CHECK(table.at("comparisons").size() == 2);
  const Json& first = table.at("systems")[0];
  CHECK(first.at("rows") == 10);
  CHECK(first.at("intervals").at("accuracy").size() == 2);
  CHECK(first.at("metrics").at("loss").is_number());
  CHECK(first.at("speed").at("examples_per_second").get<double>() > 0);
  CHECK(first.at("speed").at("latency_median_ms").get<double>() > 0);
  for (const char* name : {"evaluation.txt", "evaluation.csv", "report.html", "evaluation-2-1/test_results.json",
                           "evaluation-2-2/predict_results.txt", "evaluation-1-2/report.html"})
    CHECK(work.exists(std::string("out/") + name));
  CHECK_FALSE(work.exists("out/evaluation-1-1/journal.jsonl"));
  const std::string lines = get(work.scratch / "out/evaluation-1-1/examples.jsonl");
  const Json line = Json::parse(lines.substr(0, lines.find('\n')));
  CHECK(line.at("row") == 1);
  CHECK(line.at("truth") == "fresh");
  CHECK(line.at("probabilities").size() == 2);

  const auto again = run_gptask(command);
  CHECK(again.code == 2);
  CHECK(again.out.find("holds another run; --overwrite_output_dir replaces it") != std::string::npos);
  auto resume = command;
  resume.push_back("--resume");
  CHECK(run_gptask(resume).out.find("holds a finished evaluation, so there is nothing to resume") != std::string::npos);
  resume.push_back("--overwrite-output-dir");
  CHECK(run_gptask(resume).out.find("choose one") != std::string::npos);
}

TEST_CASE("an interrupted evaluation goes on where it stopped", "[apps][reliability]") {
  const Workspace work;
  write_reviews(work.scratch / "long.csv", 40, 1);
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "2"})).code == 0);
  const gpt::Registry registry = sentiment_registry();
  gptask::EvaluateRequest request;
  request.models = {work.scratch / "run"};
  request.test_files = {work.scratch / "long.csv"};
  request.output_dir = work.scratch / "whole";
  request.batch_size = 1;  // 16 examples a part of the journal
  request.latency_samples = 0;
  Stopper patient(never), hasty(20), rest(never);
  const auto whole = gptask::evaluate(request, registry, patient);

  request.output_dir = work.scratch / "parts";
  CHECK_ERROR(gptask::evaluate(request, registry, hasty), "interrupted",
              "16 of 40 examples are kept, and the same command with --resume goes on there");
  CHECK_FALSE(work.exists("parts/evaluation.json"));
  CHECK_ERROR(gptask::evaluate(request, registry, rest), "invalid_option", "--resume_from_checkpoint continues it");
  put(work.scratch / "parts/journal.jsonl", get(work.scratch / "parts/journal.jsonl") + "{\"index\":16,\"outp");
  request.resume = true;
  request.max_samples = 30;
  CHECK_ERROR(gptask::evaluate(request, registry, rest), "mismatch", "max_eval_samples was 0 and is now 30");
  request.max_samples = 0;
  rest.calls = 0;
  const auto resumed = gptask::evaluate(request, registry, rest);
  CHECK(rest.calls == 24);
  CHECK(resumed.table.systems[0].metrics == whole.table.systems[0].metrics);
  CHECK(resumed.table.systems[0].intervals == whole.table.systems[0].intervals);
  CHECK(get(work.scratch / "parts/examples.jsonl") == get(work.scratch / "whole/examples.jsonl"));
  CHECK_FALSE(work.exists("parts/journal.jsonl"));
}

TEST_CASE("a journal that is none is refused", "[apps][reliability]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "1"})).code == 0);
  const std::vector<std::string> command = {
      "evaluate", "--model", work.path("run"), "--test-file", work.path("test.csv"), "--output-dir", work.path("out")};
  REQUIRE(run_gptask(command).code == 0);
  std::filesystem::remove(work.scratch / "out/evaluation.json");
  auto resume = command;
  resume.push_back("--resume");
  const auto refused = [&](const std::string& journal) {
    put(work.scratch / "out/journal.jsonl", journal);
    return run_gptask(resume).err;
  };
  CHECK(refused("nonsense\n").find("is no line of a journal") != std::string::npos);
  CHECK(refused("{\"index\":3,\"output\":[1]}\n").find("example 0 is missing; start anew") != std::string::npos);
  CHECK(refused("{\"index\":0,\"output\":[1,2]}\n{\"seconds\":1}\n").find("1 of 10 examples were done") !=
        std::string::npos);
}

TEST_CASE("models of different tasks are not compared", "[apps]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("one", {"--max-steps", "1"})).code == 0);
  std::filesystem::copy(work.scratch / "one", work.scratch / "two");
  Json manifest = work.json("two/gptask.json");
  manifest["task"]["name"] = "classification";
  put(work.scratch / "two/gptask.json", manifest.dump());
  const auto outcome = run_gptask({"evaluate", "--model", work.path("one"), work.path("two"), "--test-file",
                                   work.path("test.csv"), "--output-dir", work.path("out")});
  CHECK(outcome.code == 1);
  CHECK(outcome.err.find("was trained for \"sentiment\" and ") != std::string::npos);
}

TEST_CASE("predictions are scored without a model", "[apps]") {
  const Workspace work;
  put(work.scratch / "ours.txt", "fresh\nrotten\n");
  put(work.scratch / "theirs.txt", "rotten\nrotten\n");
  put(work.scratch / "truth.txt", "fresh\nrotten\n");
  const auto outcome = run_gptask({"evaluate", "sentiment", "--predictions", work.path("ours.txt"),
                                   work.path("theirs.txt"), "--references", work.path("truth.txt")});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.out.find("accuracy") != std::string::npos);
  CHECK(outcome.out.find("theirs.txt against ") != std::string::npos);
  const auto repeated = run_gptask({"evaluate", "sentiment", "--predictions", work.path("ours.txt"), "--predictions",
                                    work.path("theirs.txt"), "--references", work.path("truth.txt")});
  CHECK(repeated.out == outcome.out);  // a flag given twice adds to the list
  const auto unknown = run_gptask({"evaluate", "seminent", "--predictions", "a", "--references", "b"});
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("there are classification, sentiment") != std::string::npos);
  CHECK(run_gptask({"evaluate", "qa", "--help"}).out.find("--na-prob-file") != std::string::npos);
}

TEST_CASE("answers with weights in fewer bits are mostly those of float32", "[apps]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "40", "--learning-rate", "3e-3"})).code == 0);
  const auto answers = [&](const std::string& precision) {
    const auto outcome = run_gptask(
        {"predict", "--model", work.path("run"), "--file", work.path("train.csv"), "--precision", precision, "--json"});
    INFO(precision << ": " << outcome.err);
    REQUIRE(outcome.code == 0);
    std::vector<Json> rows;
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) rows.push_back(Json::parse(line));
    return rows;
  };
  const std::vector<Json> whole = answers("float32");
  REQUIRE(whole.size() == 32);
  for (const char* precision : {"bfloat16", "int8", "int4"}) {
    const std::vector<Json> less = answers(precision);
    REQUIRE(less.size() == whole.size());
    std::size_t same = 0, changed = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      same += less[i].at("label") == whole[i].at("label") ? 1 : 0;
      changed += less[i].at("probability") != whole[i].at("probability") ? 1 : 0;
    }
    INFO(precision << ": " << same << " of 32");
    CHECK(same >= 28);
    if (std::string(precision) != "bfloat16") CHECK(changed > 0);
    const auto evaluated =
        run_gptask({"evaluate", "--model", work.path("run"), "--test-file", work.path("test.csv"), "--output-dir",
                    work.path(std::string("test-") + precision), "--precision", precision});
    INFO(evaluated.err);
    CHECK(evaluated.code == 0);
    CHECK(evaluated.err.find("memory: about ") != std::string::npos);
  }
}

TEST_CASE("--precision: what makes no sense is refused", "[apps]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "1"})).code == 0);
  const auto predict = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"predict", "--model", work.path("run"), "--text", "fine"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_gptask(arguments);
  };
  const auto two = predict({"--bf16", "--precision", "int8"});
  CHECK(two.code == 2);
  CHECK(two.err.find("--bf16 and --precision int8 are two different wishes; leave one out") != std::string::npos);
  const auto unknown = predict({"--precision", "int3"});
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("float32") != std::string::npos);
  CHECK(predict({"--bf16", "--precision", "bfloat16"}).code == 0);
}
