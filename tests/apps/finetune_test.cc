// From files to a folder, and what can be done with the folder.
#include <fstream>

#include "apps/gptask.h"
#include "support/catch.h"

using namespace gptask::test;

TEST_CASE("finetune writes what the Transformers scripts write, and a report", "[apps]") {
  const Workspace work;
  const std::string tuning = GENERATE("lora", "full", "head");
  const auto outcome = run_gptask(
      work.finetune("run", {"--tuning", tuning, "--validation-split", "0.25", "--max-steps", "6", "--json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json printed = Json::parse(outcome.out);
  CHECK(printed.at("results").at("train_samples") == 24);
  CHECK(printed.at("results").at("eval_samples") == 8);

  for (const char* file : {"config.json", "tokenizer.json", "gptask.json", "train_results.json", "eval_results.json",
                           "all_results.json", "trainer_state.json", "predict_results.txt", "README.md", "report.html"})
    CHECK(work.exists(std::string("run/") + file));
  CHECK(work.exists("run/adapter_model.safetensors") == (tuning == "lora"));
  CHECK(work.exists("run/model.safetensors") == (tuning != "lora"));

  const Json state = work.json("run/trainer_state.json");
  CHECK(state.at("global_step") == 6);
  const Json& first = state.at("log_history").at(0);
  for (const char* field : {"loss", "learning_rate", "grad_norm", "epoch", "step"}) CHECK(first.at(field).is_number());
  const Json manifest = work.json("run/gptask.json");
  CHECK(manifest.at("task").at("name") == "sentiment");
  CHECK(manifest.at("state").at("labels") == Json({"fresh", "rotten"}));
  const Json config = work.json("run/config.json");
  CHECK(config.at("architectures") == Json({"LlamaForSequenceClassification"}));
  CHECK(config.at("id2label").at("1") == "rotten");
  CHECK(config.at("pad_token_id") == 257);

  const std::string report = get(work.scratch / "run/report.html");
  CHECK(report.find("<svg") != std::string::npos);
  CHECK(report.find("<script") == std::string::npos);
  CHECK(report.find("http") == std::string::npos);
}

TEST_CASE("a fine-tuned folder is evaluated, asked, merged and moved", "[apps]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "6"})).code == 0);
  const std::string before = get(work.scratch / "run/all_results.json");

  const auto evaluated = run_gptask({"evaluate", "--model", work.path("run"), "--test-file", work.path("test.csv"),
                                     "--output-dir", work.path("test"), "--json"});
  INFO(evaluated.err);
  REQUIRE(evaluated.code == 0);
  const Json results = work.json("test/test_results.json");
  CHECK(results.at("test_samples") == 10);
  CHECK(results.at("test_accuracy").is_number());
  CHECK(results.at("test_baseline_accuracy") == 0.5);
  CHECK(results.at("test_latency_median_ms").get<double>() > 0);
  CHECK(work.exists("test/report.html"));
  CHECK(get(work.scratch / "run/all_results.json") == before);

  const auto answer = [&](const std::string& model, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"predict",     "--model", model,  "--text",
                                          "a good film", "--text",  "dull", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_gptask(arguments);
  };
  const auto adapter = answer(work.path("run"));
  REQUIRE(adapter.code == 0);
  CHECK(answer(work.path("run"), {"--threads", "1"}).out == adapter.out);
  const Json line = Json::parse(adapter.out.substr(0, adapter.out.find('\n')));
  CHECK(line.at("text") == "a good film");
  CHECK(line.at("probabilities").size() == 2);

  REQUIRE(run_gptask({"merge", "--model", work.path("run"), "--output-dir", work.path("merged")}).code == 0);
  std::filesystem::rename(work.scratch / "merged", work.scratch / "elsewhere");
  std::filesystem::remove_all(work.scratch / "model");
  const auto moved = answer(work.path("elsewhere"));
  INFO(moved.err);
  REQUIRE(moved.code == 0);
  const Json merged = Json::parse(moved.out.substr(0, moved.out.find('\n')));
  CHECK(merged.at("probability").get<double>() == Approx(line.at("probability").get<double>()).margin(1e-5));

  const auto lost = answer(work.path("run"));
  CHECK(lost.code == 1);
  CHECK(lost.out.find("is an adapter for") != std::string::npos);
  write_tiny_model(work.scratch / "models/model");
  CHECK(run_gptask({"predict", "--model", work.path("run"), "--text", "x"}, "",
                   {"GPTASK_MODEL_PATH=" + work.path("models")})
            .code == 0);
}

TEST_CASE("predict reads files and standard input", "[apps]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "2"})).code == 0);
  const auto count = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  const std::string lines =
      "\xEF\xBB\xBFone\r\n\n two\xFF\nthree" + std::string(1, '\0') + "x\n" + std::string(200, 'y');
  const auto piped = run_gptask({"predict", "--model", work.path("run")}, lines);
  INFO(piped.err);
  CHECK(piped.code == 0);
  CHECK(count(piped.out) == 2);
  CHECK(piped.err.find("2 lines left out: bytes that are no UTF-8") != std::string::npos);
  CHECK(piped.err.find("1 blank lines left out") != std::string::npos);
  const auto file = run_gptask({"predict", "--model", work.path("run"), "--file", work.path("test.csv")});
  CHECK(file.err.rfind("memory: about ", 0) == 0);
  const auto refused =
      run_gptask({"predict", "--model", work.path("run"), "--file", work.path("test.csv"), "--memory-limit-mb", "1"});
  CHECK(refused.code == 1);
  CHECK(refused.err.find("Less is needed with a smaller --batch_size (now 16)") != std::string::npos);
  CHECK(file.code == 0);
  CHECK(count(file.out) == 10);
}

TEST_CASE("--dry-run changes nothing and shows what would run", "[apps]") {
  const Workspace work;
  const auto outcome = run_gptask(work.finetune("run", {"--dry-run", "--json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK_FALSE(work.exists("run"));
  const Json plan = Json::parse(outcome.out);
  CHECK(plan.at("steps") == 12);
  CHECK(plan.at("memory_bytes").at("total").get<double>() > 0);
  REQUIRE(plan.at("samples").size() == 3);
  CHECK(plan.at("samples").at(0).at("text") == "film 0 is good");
  CHECK(plan.at("samples").at(0).at("ids").size() == 14);
}

TEST_CASE("a JSON file as the only argument names everything", "[apps]") {
  const Workspace work;
  const Json config = {{"task", "sentiment"},
                       {"model_name_or_path", work.path("model")},
                       {"train_file", work.path("train.csv")},
                       {"max_steps", 2},
                       {"output_dir", work.path("run")},
                       {"learning_rate", 1e-3},
                       {"max_seq_length", 32},
                       {"lora_target_modules", {"q_proj", "v_proj"}}};
  put(work.scratch / "run.json", config.dump());
  const auto outcome = run_gptask({"finetune", work.path("run.json")});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK(work.json("run/trainer_state.json").at("global_step") == 2);
}

TEST_CASE("a file with other columns is evaluated and predicted by naming them", "[apps]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "2"})).code == 0);
  const std::string other = work.path("other.csv");
  std::ofstream(other) << "id,opinion,verdict\n1,a good film,fresh\n2,a dull film,rotten\n";
  const std::vector<std::string> evaluate = {"evaluate", "--model",      work.path("run"),  "--test-file",
                                             other,      "--output-dir", work.path("other")};
  CHECK(run_gptask(evaluate).code == 1);
  std::vector<std::string> named = evaluate;
  named.insert(named.end(), {"--text-column", "opinion", "--label-column", "verdict"});
  const auto evaluated = run_gptask(named);
  INFO(evaluated.err);
  REQUIRE(evaluated.code == 0);
  CHECK(work.json("other/test_results.json").at("test_samples") == 2);
  const auto predicted =
      run_gptask({"predict", "--model", work.path("run"), "--file", other, "--text-column", "opinion", "--json"});
  INFO(predicted.err);
  REQUIRE(predicted.code == 0);
  CHECK(Json::parse(predicted.out.substr(0, predicted.out.find('\n'))).at("text") == "a good film");
}
