// The best model, early stopping, several seeds and folds, kept states, bounded passes: through the program.
#include <set>

#include "apps/gptask.h"
#include "support/catch.h"

using namespace gptask::test;

namespace {

using Words = std::vector<std::string>;

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const Words validated = {"--validation-split", "0.25", "--eval-strategy", "steps", "--eval-steps", "2"};

}  // namespace

TEST_CASE("finetune ends with the best weights and says which they were", "[apps]") {
  const Workspace work;
  const auto outcome = run_gptask(work.finetune(
      "run", with(validated, {"--max-steps", "9", "--load-best-model-at-end", "--metric-for-best-model", "eval_loss",
                              "--learning-rate", "0.3", "--lr-scheduler-type", "constant", "--max-grad-norm", "0"})));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json state = work.json("run/trainer_state.json");
  const auto best = state.at("best_global_step").get<std::int64_t>();
  double lowest = 1e9, final_loss = 0;
  int evaluations = 0;
  for (const Json& entry : state.at("log_history")) {
    if (!entry.contains("eval_loss")) continue;
    ++evaluations;
    lowest = std::min(lowest, entry.at("eval_loss").get<double>());
    final_loss = entry.at("eval_loss").get<double>();
    if (entry.at("step") == best)
      CHECK(entry.at("eval_loss").get<double>() == Approx(state.at("best_metric").get<double>()));
  }
  CHECK(evaluations == 5);  // 2, 4, 6, 8, and the end
  CHECK(final_loss > lowest);
  CHECK(state.at("best_metric").get<double>() == Approx(lowest));
  CHECK(has(state.at("best_model_checkpoint").get<std::string>(), "checkpoint-" + std::to_string(best)));
  CHECK(work.json("run/eval_results.json").at("eval_loss").get<double>() == Approx(lowest).margin(1e-5));

  const auto evaluated = run_gptask({"evaluate", "--model", work.path("run"), "--test-file", work.path("train.csv"),
                                     "--output-dir", work.path("test")});
  CHECK(evaluated.code == 0);
}

TEST_CASE("early stopping ends a run, and patience is the same after an interruption", "[apps]") {
  const Workspace work;
  const Words stops = with(validated, {"--max-steps", "40", "--early-stopping-patience", "2",
                                       "--early-stopping-threshold", "5", "--metric-for-best-model", "loss"});
  const auto outcome = run_gptask(work.finetune("run", stops));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(has(outcome.err, "stopped early at step 6: 2 evaluations without a better loss"));
  CHECK(work.json("run/trainer_state.json").at("global_step") == 6);
}

TEST_CASE("finetune refuses what does not go together, and says what is missing", "[apps]") {
  const Workspace work;
  const std::pair<Words, const char*> cases[] = {
      {{"--load-best-model-at-end"}, "--load_best_model_at_end needs --eval_strategy steps or epoch"},
      {{"--early-stopping-patience", "2"}, "--early_stopping_patience needs --eval_strategy"},
      {{"--save-strategy", "best"}, "--save_strategy best needs --eval_strategy"},
      {{"--seeds", "1"}, "--seeds needs two seeds or more: --seeds 0 1 2"},
      {{"--seeds", "1", "1"}, "--seeds names one seed twice"},
      {{"--seeds", "1", "x"}, "--seeds takes whole numbers from 0, not \"x\""},
      {{"--folds", "1"}, "--folds must be between 2 and 100, not 1"},
      {{"--folds", "2", "--seeds", "1", "2"}, "--seeds and --folds exclude each other"},
      {{"--folds", "2", "--validation-split", "0.5"}, "drop --validation_file and --validation_split"},
      {{"--folds", "40"}, "--folds 40: "},
      {{"--tuning", "head", "--lm-coef", "0.5"}, "--tuning head trains no part of it"},
      {{"--max-batch-tokens", "5"},
       "tokens, and a pass may have 5; raise max_batch_tokens or cut the examples shorter"},
      {with(validated, {"--load-best-model-at-end", "--metric-for-best-model", "bleu"}),
       "--metric_for_best_model bleu: the evaluation has accuracy, "},
      {{"--validation-split", "0.25", "--metric-for-best-model", "eval_bleu", "--dry-run"},
       "--metric_for_best_model bleu: the evaluation has accuracy, "}};
  int number = 0;
  for (const auto& [flags, message] : cases) {
    INFO(message);
    const auto outcome =
        run_gptask(work.finetune("run-" + std::to_string(++number), with(flags, {"--max-steps", "3"})));
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(has(outcome.err, message));
    CHECK_FALSE(work.exists("run-" + std::to_string(number)));
  }
}

TEST_CASE("a metric that only some rows give is known beforehand", "[apps]") {
  const Workspace work;
  std::string rows;
  for (int i = 0; i < 12; ++i)  // the last one has no answer
    rows += Json{{"id", std::to_string(i)},
                 {"question", "who"},
                 {"context", "Ann wrote it"},
                 {"answers",
                  {{"text", i < 11 ? Words{"Ann"} : Words{}},
                   {"answer_start", i < 11 ? std::vector<int>{0} : std::vector<int>{}}}}}
                .dump() +
            "\n";
  put(work.scratch / "qa.jsonl", rows);
  const auto plan = [&](const std::string& metric) {
    return run_gptask({"finetune", "qa", "--model", work.path("model"), "--train-file", work.path("qa.jsonl"),
                       "--validation-file", work.path("qa.jsonl"), "--version-2-with-negative", "--output-dir",
                       work.path("run"), "--metric-for-best-model", metric, "--dry-run"});
  };
  CHECK(plan("HasAns_f1").code == 0);
  const auto late = plan("NoAns_f1");
  INFO(late.err);
  CHECK(late.code == 0);
  CHECK(has(late.err, "looking for the metric NoAns_f1 in an evaluation of 12 rows"));
  CHECK(plan("NoAns_f2").code == 2);
}

TEST_CASE("--tuning head where the task has no head", "[apps]") {
  const Workspace work;
  put(work.scratch / "pairs.csv", "source,target\na tree,ein Baum\na house,ein Haus\n");
  const auto tune = [&](const std::string& tuning) {
    return run_gptask({"finetune", "translation", "--model", work.path("model"), "--train-file", work.path("pairs.csv"),
                       "--output-dir", work.path("run"), "--max-steps", "1", "--max-target-length", "8", "--tuning",
                       tuning});
  };
  const auto refused = tune("head");
  CHECK(refused.code == 2);
  CHECK(has(refused.err, "there is no head to train; take --tuning lora or --tuning full"));
  CHECK_FALSE(work.exists("run"));
  CHECK(tune("lora").code == 0);
}

TEST_CASE("several seeds: a folder each, mean and deviation, resumed without repeating", "[apps]") {
  const Workspace work;
  const Words seeds = {"--validation-split", "0.25", "--max-steps", "3", "--seeds", "0", "1", "2"};
  const auto outcome = run_gptask(work.finetune("run", seeds));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  for (const char* line : {"seed-0", "seed-1", "seed-2", "mean", "std", "baseline", "eval_accuracy"})
    CHECK(has(outcome.out, line));
  const Json results = work.json("run/all_results.json");
  REQUIRE(results.at("runs").size() == 3);
  double sum = 0;
  for (const Json& run : results.at("runs")) sum += run.at("eval_loss").get<double>();
  CHECK(results.at("mean").at("eval_loss").get<double>() == Approx(sum / 3));
  CHECK(results.at("std").at("eval_loss").get<double>() > 0);
  CHECK(results.at("baseline").at("eval_accuracy").is_number());
  CHECK(work.exists("run/report.html"));
  CHECK(work.json("run/seed-1/gptask.json").at("options").at("seed") == 1);

  CHECK(run_gptask(work.finetune("run", seeds)).code == 2);
  std::filesystem::remove_all(work.scratch / "run/seed-2");
  std::filesystem::remove(work.scratch / "run/all_results.json");
  const auto written = std::filesystem::last_write_time(work.scratch / "run/seed-0/gptask.json");
  const auto resumed = run_gptask(work.finetune("run", with(seeds, {"--resume-from-checkpoint", "true"})));
  INFO(resumed.err);
  CHECK(resumed.code == 0);
  CHECK(std::filesystem::last_write_time(work.scratch / "run/seed-0/gptask.json") == written);
  CHECK(work.json("run/all_results.json").at("mean").at("eval_loss") == results.at("mean").at("eval_loss"));
  const auto other = run_gptask(work.finetune("run", {"--validation-split", "0.25", "--max-steps", "3", "--seeds", "0",
                                                      "1", "--resume-from-checkpoint", "true"}));
  CHECK(other.code == 1);
  CHECK(has(other.err, "seeds was [0,1,2] and is now [0,1]"));
}

TEST_CASE("folds: every row is validated once", "[apps]") {
  const Workspace work;
  const auto outcome = run_gptask(work.finetune("run", {"--folds", "3", "--max-steps", "2", "--json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json results = Json::parse(outcome.out);
  std::int64_t rows = 0;
  for (const Json& run : results.at("runs")) rows += run.at("eval_samples").get<std::int64_t>();
  CHECK(rows == 32);
  CHECK(work.exists("run/fold-3/gptask.json"));
}

TEST_CASE("folds: where the first one cannot begin, the folder stays free, and an earlier run in it whole", "[apps]") {
  const Workspace work;
  const Words folds = {"--folds", "2", "--max-steps", "1"}, too_many = {"--folds", "40", "--max-steps", "1"};
  CHECK(run_gptask(work.finetune("run", too_many)).code == 2);
  CHECK_FALSE(work.exists("run"));
  REQUIRE(run_gptask(work.finetune("run", folds)).code == 0);
  CHECK(run_gptask(work.finetune("run", with(too_many, {"--overwrite-output-dir"}))).code == 2);
  CHECK(work.exists("run/fold-2/gptask.json"));
  CHECK(work.exists("run/all_results.json"));
  CHECK(run_gptask(work.finetune("run", with(folds, {"--overwrite-output-dir"}))).code == 0);
}

TEST_CASE("folds: the windows of a long passage stay together, and GPT-1's tokens are learned", "[apps]") {
  const Workspace work;
  std::string rows, passage = "Ann";
  for (int i = 0; i < 40; ++i) passage += " film";
  for (int i = 0; i < 6; ++i)
    rows += Json{{"id", std::to_string(i)},
                 {"question", "who"},
                 {"context", passage},
                 {"answers", {{"text", {"Ann"}}, {"answer_start", {0}}}}}
                .dump() +
            "\n";
  put(work.scratch / "qa.jsonl", rows);
  const auto outcome = run_gptask({"finetune",          "qa",
                                   "--model",           work.path("model"),
                                   "--train-file",      work.path("qa.jsonl"),
                                   "--output-dir",      work.path("run"),
                                   "--folds",           "3",
                                   "--max-steps",       "1",
                                   "--max-seq-length",  "24",
                                   "--doc-stride",      "4",
                                   "--start-token",     "<|s|>",
                                   "--delimiter-token", "<|d|>",
                                   "--extract-token",   "<|x|>"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  std::set<std::string> asked;
  for (const char* fold : {"run/fold-1/", "run/fold-2/", "run/fold-3/"}) {
    const Json predictions = work.json(std::string(fold) + "predictions.json");
    CHECK(predictions.size() == 2);
    for (const auto& [id, answer] : predictions.items()) CHECK(asked.insert(id).second);
    CHECK(work.json(std::string(fold) + "eval_results.json").at("eval_samples").get<int>() > 2);  // windows
  }
  CHECK(asked.size() == 6);
  const Json state = work.json("run/fold-1/gptask.json").at("state");
  CHECK(state.at("template") == "<|s|>{question}<|d|>{passage}<|x|>");
  const auto answer = run_gptask({"predict", "--model", work.path("run/fold-1"), "--text", "who\t" + passage});
  INFO(answer.err);
  CHECK(answer.code == 0);
}

TEST_CASE("--verify-determinism compares threads and writes nothing", "[apps]") {
  const Workspace work;
  const auto outcome = run_gptask(work.finetune("run", {"--verify-determinism", "--json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json check = Json::parse(outcome.out);
  CHECK(check.at("equal") == true);
  CHECK(check.at("runs").at(0).at("threads") == 1);
  CHECK(check.at("runs").at(1).at("threads") == 2);
  CHECK(check.at("runs").at(2).at("threads") == 7);
  CHECK(check.at("runs").at(0).at("losses").size() == 3);
  CHECK_FALSE(work.exists("run"));
}

TEST_CASE("--tuning head learns the same from kept states", "[apps]") {
  const Workspace work;
  const auto loss = [&](const std::string& megabytes) {
    const std::string run = "run" + megabytes;
    const auto outcome = run_gptask(
        work.finetune(run, with(validated, {"--tuning", "head", "--epochs", "5", "--feature-cache-mb", megabytes})));
    INFO(outcome.err);
    CHECK(outcome.code == 0);
    CHECK(has(outcome.err, "the frozen model reads") == (megabytes != "0"));
    const Json results = work.json(run + "/all_results.json");
    return std::pair(results.at("train_loss").get<double>(), results.at("eval_loss").get<double>());
  };
  const auto kept = loss("100"), computed = loss("0");
  CHECK(kept.first == Approx(computed.first).margin(1e-6));
  CHECK(kept.second == Approx(computed.second).margin(1e-6));
}

TEST_CASE("passes bounded by tokens, of like length, with the language-model loss, through the program", "[apps]") {
  const Workspace work;
  const auto outcome = run_gptask(work.finetune(
      "run", {"--max-batch-tokens", "64", "--group-by-length", "--lm-coef", "0.5", "--epochs", "2", "--json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json state = work.json("run/trainer_state.json");
  CHECK(state.at("epoch").get<double>() == Approx(2));
  CHECK(state.at("global_step").get<int>() >= 16);
  CHECK(work.json("run/gptask.json").at("options").at("lm_coef") == 0.5);
}

TEST_CASE("finetune: --gradient-checkpointing and parts of a pass", "[apps]") {
  const Workspace work;
  const auto losses = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> flags = {"--max-steps", "4", "--tuning", "full"};
    flags.insert(flags.end(), more.begin(), more.end());
    const auto outcome = run_gptask(work.finetune(name, flags));
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    CHECK(outcome.err.find("memory: about ") != std::string::npos);
    return work.json(name + "/trainer_state.json").at("log_history");
  };
  const Json plain = losses("plain", {}), twice = losses("twice", {"--gradient-checkpointing"}),
             parts = losses("parts", {"--max-activation-tokens", "20"});
  for (std::size_t step = 0; step < 4; ++step) {
    CHECK(twice.at(step).at("loss") == plain.at(step).at("loss"));
    CHECK(twice.at(step).at("grad_norm") == plain.at(step).at("grad_norm"));
    CHECK(parts.at(step).at("loss").get<double>() == Approx(plain.at(step).at("loss").get<double>()).epsilon(1e-3));
  }
}

TEST_CASE("finetune: what does not fit into memory is refused with what would", "[apps]") {
  const Workspace work;
  const auto outcome = run_gptask(work.finetune("run", {"--memory-limit-mb", "1", "--tuning", "full"}));
  CHECK(outcome.code == 1);
  for (const char* part :
       {"memory: about ", " moments, ", " gradients and activations)",
        " MB more than now, and 0 MB are left of --memory_limit_mb",
        "Less is needed with --tuning lora, --gradient_checkpointing, a smaller --max_activation_tokens (now 2048)"})
    CHECK(outcome.err.find(part) != std::string::npos);
  CHECK_FALSE(work.exists("run"));
  CHECK(run_gptask(work.finetune("run", {"--memory-limit-mb", "-1"})).code != 0);
}
