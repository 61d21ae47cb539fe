// From texts to a tokenizer and a language model, by the program.
#include <chrono>
#include <thread>

#include "apps/gptask.h"
#include "support/catch.h"

using namespace gptask::test;

namespace {

/// A text of a few hundred sentences, and a tokenizer made from it.
struct Texts {
  Texts() {
    const std::vector<std::string> who = {"The cat", "A dog", "Her aunt", "The old king", "Nobody"};
    const std::vector<std::string> what = {"sat on", "looked at", "forgot", "painted", "sang to"};
    const std::vector<std::string> whom = {"the mat", "a tree", "the moon", "two mice", "the sea"};
    std::string text, rows;
    for (std::size_t i = 0; i < 400; ++i) {
      const std::string sentence = who[i * 7 % 5] + " " + what[i / 5 % 5] + " " + whom[(i * i) % 5] + ".";
      text += sentence + (i % 8 == 7 ? "\n" : " ");
      if (i < 40) rows += "{\"text\": \"" + sentence + "\"}\n";
    }
    put(folder / "book.txt", text);
    put(folder / "rows.jsonl", rows);
  }

  std::string path(const std::string& name) const { return (folder / name).string(); }
  Json json(const std::string& name) const { return Json::parse(get(folder / name)); }

  Outcome tokenizer(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"train-tokenizer", "--train-file",   path("book.txt"), "--vocab-size", "320",
                                          "--output-dir",    path("tokenizer")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_gptask(arguments);
  }
  std::vector<std::string> pretrain(const std::string& output, const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"pretrain",
                                          "--config-name",
                                          "nano",
                                          "--tokenizer",
                                          path("tokenizer"),
                                          "--train-file",
                                          path("book.txt"),
                                          "--output-dir",
                                          path(output),
                                          "--block-size",
                                          "32",
                                          "--validation-file",
                                          path("rows.jsonl"),
                                          "--batch-size",
                                          "4"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  TemporaryFolder folder;
};

}  // namespace

TEST_CASE("a tokenizer and a language model from texts", "[apps]") {
  const Texts texts;
  const auto made = texts.tokenizer({"--json"});
  REQUIRE(made.code == 0);
  const Json counted = Json::parse(made.out).at("results");
  CHECK(counted.at("vocabulary") == 320);
  CHECK(counted.at("text bytes") == std::filesystem::file_size(texts.folder / "book.txt"));
  CHECK(texts.json("tokenizer/tokenizer_config.json").at("eos_token") == "<|endoftext|>");

  const std::string shape = GENERATE(as<std::string>(), "llama", "gpt2");
  const auto run = run_gptask(texts.pretrain("run", {"--model-type", shape, "--max-steps", "60", "--eval-steps", "20",
                                                     "--sample-prompt", "The cat", "--learning-rate", "3e-3"}));
  INFO(run.err);
  REQUIRE(run.code == 0);
  CHECK(run.err.find("sample at step 20: The cat") != std::string::npos);
  CHECK(run.err.find("bits_per_byte") != std::string::npos);
  CHECK(texts.json("run/config.json").at("model_type") == shape);
  CHECK(texts.json("run/config.json").at("vocab_size") == 320);
  const Json results = texts.json("run/all_results.json");
  CHECK(results.at("eval_loss").get<double>() < 3);  // log(320) is 5.8
  CHECK(results.at("eval_perplexity").get<double>() == Approx(std::exp(results.at("eval_loss").get<double>())));
  // Every token of the 40 rows but the first, each row with its end token.
  const std::int64_t tokens = results.at("eval_tokens").get<std::int64_t>() + 1;
  std::size_t bytes = 0;
  std::istringstream rows(get(texts.folder / "rows.jsonl"));
  for (std::string line; std::getline(rows, line);) bytes += Json::parse(line).at("text").get<std::string>().size();
  CHECK(results.at("eval_bits_per_byte").get<double>() ==
        Approx(results.at("eval_loss").get<double>() / std::log(2.0) * static_cast<double>(tokens) /
               static_cast<double>(bytes)));
  CHECK(texts.json("run/trainer_state.json").at("log_history").size() == 6 + 3 + 1);
  for (const char* file : {"README.md", "report.html", "curve.svg", "generation_config.json", "tokenizer.json"})
    CHECK(std::filesystem::exists(texts.folder / ("run/" + std::string(file))));
  CHECK(get(texts.folder / "run/curve.svg").rfind("<svg xmlns", 0) == 0);
}

TEST_CASE("pretrain: killed and resumed, the same weights", "[apps][reliability]") {
  const Texts texts;
  REQUIRE(texts.tokenizer().code == 0);
  const std::vector<std::string> options = {"--max-steps", "300", "--save-steps", "20"};
  REQUIRE(run_gptask(texts.pretrain("whole", options)).code == 0);
  Program program(command(texts.pretrain("killed", options)));
  for (int i = 0; i < 6000 && program.running() && !std::filesystem::exists(texts.folder / "killed/checkpoint-40"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  program.signal(SIGKILL);
  CHECK(program.wait().code == 137);
  std::vector<std::string> resume = options;
  const auto refused = run_gptask(texts.pretrain("killed", options));
  CHECK(refused.code == 2);
  CHECK(refused.err.find("holds an unfinished run; --overwrite_output_dir replaces it, --resume_from_checkpoint") !=
        std::string::npos);
  resume.insert(resume.end(), {"--resume-from-checkpoint", "true"});
  auto other = resume;
  other.insert(other.end(), {"--weight-decay", "0.2"});
  CHECK(run_gptask(texts.pretrain("killed", other)).err.find("weight_decay was 0.1 and is now 0.2") !=
        std::string::npos);
  const auto resumed = run_gptask(texts.pretrain("killed", resume));
  INFO(resumed.err);
  REQUIRE(resumed.code == 0);
  CHECK(get(texts.folder / "killed/model.safetensors") == get(texts.folder / "whole/model.safetensors"));
}

TEST_CASE("pretrain: what users get wrong", "[apps]") {
  const Texts texts;
  REQUIRE(texts.tokenizer().code == 0);
  const auto again = texts.tokenizer();
  CHECK(again.code == 2);
  CHECK(again.err.find("holds a tokenizer; choose another folder") != std::string::npos);
  const auto error = [&](const std::vector<std::string>& more) {
    const auto outcome = run_gptask(texts.pretrain("run", more));
    CHECK(outcome.code != 0);
    CHECK_FALSE(std::filesystem::exists(texts.folder / "run"));
    return outcome.err;
  };
  const auto says = [&](const std::vector<std::string>& more, const std::string& message) {
    const std::string found = error(more);
    INFO(found);
    CHECK(found.find(message) != std::string::npos);
  };
  says({"--config-name", "huge"}, "--config_name must be nano, micro, mini, small, gpt2 or the path of a config.json");
  says({"--block-size", "1000"}, "--block_size 1000 is more than the model's context of 128");
  says({"--train-file", "none.txt"}, "none.txt: no such file, folder or pattern");
  says({"--text-column", "body"}, "body");
  says({"--output-dir", texts.path("run3"), "--min-lr-rate", "2"},
       "smallest share of the learning rate must be between 0 and 1, not 2");
  says({"--save-steps", "-1"}, "--save_steps must be at least 0, not -1");
  put(texts.folder / "config.json",
      R"({"model_type": "gpt2", "vocab_size": 100, "n_embd": 16, "n_layer": 1, "n_head": 2})");
  says({"--config-name", texts.path("config.json")}, "vocab_size is 100, but the tokenizer has 320 tokens");
  const auto none =
      run_gptask({"pretrain", "--config-name", "nano", "--tokenizer", texts.path("tokenizer"), "--train-file",
                  texts.path("book.txt"), "--output-dir", texts.path("run2"), "--eval-steps", "5"});
  CHECK(none.err.find("--eval_steps needs a --validation_file") != std::string::npos);
  const auto small = run_gptask({"train-tokenizer", "--train-file", texts.path("book.txt"), "--vocab-size", "100",
                                 "--output-dir", texts.path("t2")});
  CHECK(small.code == 2);
  CHECK(small.err.find("a vocabulary of 100 is not possible") != std::string::npos);
}

TEST_CASE("pretrain --init-only writes random weights that generate and train", "[apps]") {
  const Texts texts;
  REQUIRE(texts.tokenizer().code == 0);
  const auto made = run_gptask({"pretrain", "--config-name", "nano", "--tokenizer", texts.path("tokenizer"),
                                "--init-only", "--output-dir", texts.path("random")});
  INFO(made.err);
  REQUIRE(made.code == 0);
  CHECK(std::filesystem::exists(texts.folder / "random/model.safetensors"));
  CHECK(texts.json("random/all_results.json").at("parameters").get<std::int64_t>() > 50000);
}
