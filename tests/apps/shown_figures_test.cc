// What stands beside a figure: trivial answers, signatures, what was cut, where the head looks.
#include "apps/gptask.h"
#include "support/catch.h"

using namespace gptask::test;

namespace {

using Words = std::vector<std::string>;

/// Four texts to shorten or to translate, of 20 bytes each.
struct Writing : Workspace {
  Writing() {
    std::string rows;
    for (const char* end : {"a", "b", "c", "d"})
      rows += Json{{"en", "this is long text " + std::string(end)}, {"de", "kurz " + std::string(end)}}.dump() + "\n";
    put(scratch / "rows.jsonl", rows);
  }
  Words tune(const std::string& task, const std::string& output, const Words& more = {}) const {
    Words arguments{"finetune",
                    task,
                    "--model",
                    path("model"),
                    "--train-file",
                    path("rows.jsonl"),
                    "--output-dir",
                    path(output),
                    "--max-steps",
                    "1",
                    "--source-column",
                    "en",
                    "--target-column",
                    "de",
                    "--threads",
                    "2",
                    "--max-source-length",
                    "10",
                    "--max-target-length",
                    "4"};
    if (task == "translation") arguments.insert(arguments.end(), {"--source-lang", "en", "--target-lang", "de"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every trivial answer and every signature stands beside the figures", "[apps]") {
  const Writing work;
  const auto tuned = run_gptask(work.tune("summarization", "run", {"--validation-file", work.path("rows.jsonl")}));
  INFO(tuned.err);
  REQUIRE(tuned.code == 0);
  CHECK(has(tuned.err, "4 of 4 examples were cut: source longer than 10 tokens (--max_source_length)"));
  CHECK(has(tuned.err, "4 of 4 examples were cut: target longer than 4 tokens (--max_target_length)"));
  const Json results = work.json("run/eval_results.json");
  CHECK(results.at("eval_baseline_name") == "the first three sentences");
  CHECK(results.at("eval_baseline2_name") == "the whole text");
  CHECK(results.at("eval_baseline2_rouge1").is_number());
  CHECK(has(results.at("eval_signatures").at("rouge"), "rouge-score 0.1.2"));
  for (const char* name : {"run/report.html", "run/README.md"}) {
    CHECK(has(get(work.scratch / name), "the whole text"));
    CHECK(has(get(work.scratch / name), "rouge-score 0.1.2"));
  }

  REQUIRE(run_gptask(work.tune("translation", "other", {"--validation-split", "0.5"})).code == 0);
  const auto evaluated = run_gptask({"evaluate", "--model", work.path("other"), "--test-file", work.path("rows.jsonl"),
                                     "--output-dir", work.path("out"), "--bootstrap-samples", "10"});
  INFO(evaluated.err);
  REQUIRE(evaluated.code == 0);
  const std::string bleu = "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:";
  CHECK(has(evaluated.out, "bleu: " + bleu));
  CHECK(has(work.json("out/test_results.json").at("test_signatures").at("bleu"), bleu));
  CHECK(has(work.json("out/evaluation.json").at("notes").at("ter"), "nrefs:1|"));
  CHECK(has(get(work.scratch / "out/report.html"), bleu));
}

TEST_CASE("runs with several seeds show every trivial answer", "[apps]") {
  const Writing work;
  const auto outcome =
      run_gptask(work.tune("summarization", "runs", {"--validation-file", work.path("rows.jsonl"), "--seeds", "0,1"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(has(outcome.out, "\nbaseline "));
  CHECK(has(outcome.out, "\nbaseline2 "));
  CHECK(work.json("runs/all_results.json").at("baseline2").at("eval_rouge1").is_number());
}

TEST_CASE("the second development set of MNLI has its trivial answer", "[apps]") {
  const Workspace work;
  const std::string rows = "premise,hypothesis,label\na,b,entailment\nc,d,neutral\ne,f,contradiction\n";
  put(work.scratch / "train.csv", rows);
  put(work.scratch / "mm.csv", rows + "g,h,contradiction\n");
  const auto outcome =
      run_gptask({"finetune", "classification", "--task-name", "mnli", "--model", work.path("model"), "--train-file",
                  work.path("train.csv"), "--validation-file", work.path("train.csv"), "--validation-mismatched-file",
                  work.path("mm.csv"), "--max-steps", "1", "--output-dir", work.path("run")});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json results = work.json("run/eval_results.json");
  CHECK(results.at("eval_accuracy_mm").is_number());
  CHECK(results.at("eval_baseline_accuracy_mm") == 0.5);
}

TEST_CASE("where the head looks is shown before a run and stored with the model", "[apps]") {
  const Workspace work;
  const auto plan = run_gptask(work.finetune("run", {"--dry-run"}));
  REQUIRE(plan.code == 0);
  CHECK(has(plan.out, "the head looks at the last token\n"));
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "1"})).code == 0);
  CHECK(work.json("run/gptask.json").at("head").at("looks_at") == "the last token");
  REQUIRE(run_gptask({"merge", "--model", work.path("run"), "--output-dir", work.path("merged")}).code == 0);
  CHECK(work.json("merged/gptask.json").at("head").at("looks_at") == "the last token");
  const Writing writing;
  const auto other = run_gptask(writing.tune("summarization", "run", {"--dry-run", "--json"}));
  REQUIRE(other.code == 0);
  CHECK(has(Json::parse(other.out).at("head_looks_at"), "the tokens after the prompt"));
}

TEST_CASE("probabilities are not calibrated without a validation set, and the run says so", "[apps]") {
  const Workspace work;
  const auto noticed = run_gptask(work.finetune("run", {"--max-steps", "1"}));
  REQUIRE(noticed.code == 0);
  CHECK(has(noticed.err, "without a validation set the probabilities are not calibrated"));
  CHECK(work.json("run/gptask.json").at("state").at("calibrated") == false);
  const auto refused = run_gptask(work.finetune("other", {"--calibrate"}));
  CHECK(refused.code == 2);
  CHECK(has(refused.err, "--calibrate fits the probabilities to a validation set, and there is none"));
  CHECK_FALSE(work.exists("other"));
  CHECK(run_gptask(work.finetune("split", {"--calibrate", "--max-steps", "1", "--validation-split", "0.3"})).code == 0);
  CHECK(work.json("split/gptask.json").at("state").at("calibrated") == true);
}

TEST_CASE("folders of different tasks are not evaluated together", "[apps]") {
  const Writing work;
  REQUIRE(run_gptask(work.finetune("one", {"--max-steps", "1"})).code == 0);
  REQUIRE(run_gptask(work.tune("translation", "two")).code == 0);
  for (const auto& [first, second] : {std::pair("one", "two"), std::pair("two", "one")}) {
    const auto outcome = run_gptask({"evaluate", "--model", work.path(first), work.path(second), "--test-file",
                                     work.path("test.csv"), "--output-dir", work.path("out")});
    INFO(outcome.err);
    CHECK(outcome.code == 1);
    CHECK(has(outcome.err, "evaluate them apart"));
    CHECK_FALSE(work.exists("out"));
  }
}

TEST_CASE("rows of two models are exchanged for a paired test", "[apps]") {
  const Workspace work;
  for (const char* name : {"one", "two"})
    REQUIRE(run_gptask(work.finetune(name, {"--max-steps", "2", "--seed", name[0] == 'o' ? "1" : "2"})).code == 0);
  const auto outcome = run_gptask({"evaluate", "--model", work.path("one"), work.path("two"), "--test-file",
                                   work.path("test.csv"), "--output-dir", work.path("out"), "--paired-test",
                                   "randomization", "--bootstrap-samples", "10", "--paired-samples", "50"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(work.json("out/evaluation.json").at("comparisons")[0].at("metrics").contains("accuracy"));
}
