// What a user can get wrong: one line that says what, where and what to do; exit code 1 or 2; nothing half-written.
#include <sys/mount.h>

#include <algorithm>
#include <limits>

#include "apps/gptask.h"
#include "support/catch.h"

using namespace gptask::test;

namespace {

/// finetune fails with this code and words, and leaves no output folder.
void refuses(const Workspace& work, const std::vector<std::string>& more, int code, const std::string& words) {
  const auto outcome = run_gptask(work.finetune("run", more));
  INFO(outcome.err);
  CHECK(outcome.code == code);
  CHECK(outcome.err.find("gptask: error: ") != std::string::npos);
  CHECK(outcome.err.find(words) != std::string::npos);
  CHECK_FALSE(work.exists("run"));
}

void refuses_training_file(const Workspace& work, const std::string& content, const std::string& words) {
  put(work.scratch / "bad.csv", content);
  refuses(work, {"--train-file", work.path("bad.csv")}, 1, words);
}

}  // namespace

TEST_CASE("flags that make no sense are misuse", "[apps]") {
  const Workspace work;
  refuses(work, {"--learning-rat", "1"}, 2, "there is no option --learning-rat; did you mean --learning_rate?");
  refuses(work, {"--learning-rate", "nan"}, 2, "--learning_rate takes a finite number");
  refuses(work, {"--tuning", "half"}, 2, "--tuning takes one of full, lora, head");
  refuses(work, {"--batch-size", "0"}, 2, "--per_device_train_batch_size must be at least 1");
  refuses(work, {"--validation-split", "1.5"}, 2, "--validation_split is a share");
  refuses(work, {"--eval-strategy", "epoch"}, 2, "--eval_strategy needs --validation_file or --validation_split");
  refuses(work, {"--lora-r", "0"}, 2, "--lora_r must be at least 1");
  refuses(work, {"--max-steps"}, 2, "--max-steps needs a value");
  const auto no_command = run_gptask({"finetun"});
  CHECK(no_command.code == 2);
  CHECK(no_command.err.find("did you mean finetune?") != std::string::npos);
  const auto no_task = run_gptask({"finetune", "sentimental"});
  CHECK(no_task.code == 1);
  CHECK(no_task.err.find("sentimental") != std::string::npos);
  const auto json = run_gptask({"predict", "--json", "--model", "/nowhere"});
  CHECK(json.code == 1);
  CHECK(Json::parse(json.out).at("error").at("code") == "not_found");
}

TEST_CASE("files that cannot be used are named", "[apps]") {
  const Workspace work;
  refuses(work, {"--train-file", work.path("none.csv")}, 1, "none.csv: no such file");
  refuses(work, {"--train-file", work.path("model")}, 1, work.path("model"));
  refuses_training_file(work, "text,label\n", "bad.csv");
  refuses_training_file(work, "text,label\na,fresh\nb,fresh\n", "fresh");
  refuses_training_file(work, "text,colour\na,x\nb,y\n", "label");
  refuses_training_file(work, "text,label\na,fresh\nb,rotten\nc,fresh,more\n", "row 3");
  refuses_training_file(work, "text,label\na\xFF,fresh\nb,rotten\n", "UTF-8");
}

TEST_CASE("awkward text is taken or counted", "[apps]") {
  const Workspace work;
  std::string csv = "\xEF\xBB\xBFtext,label\r\n,fresh\r\n" + std::string(100, 'x') + ",rotten\r\n";
  for (int i = 0; i < 8; ++i) csv += "film " + std::to_string(i) + (i % 2 == 0 ? ",fresh\r\n" : ",rotten\r\n");
  put(work.scratch / "awkward.csv", csv);
  const auto outcome = run_gptask(work.finetune("run", {"--train-file", work.path("awkward.csv"), "--max-steps", "2"}));
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK(outcome.err.find("1 of 9 examples were cut: longer than 32 tokens (--max_seq_length)") != std::string::npos);
  CHECK(outcome.err.find("1 rows left out") != std::string::npos);
}

TEST_CASE("an answer the model does not know is refused in evaluation", "[apps]") {
  const Workspace work;
  put(work.scratch / "other.csv", "text,label\na,fresh\nb,boring\n");
  refuses(work, {"--validation-file", work.path("other.csv")}, 1, "boring");
}

TEST_CASE("weights that are broken or foreign are refused", "[apps]") {
  const Workspace work;
  refuses(work, {"--model", work.path("nothing")}, 1, "there is no model");
  const auto weights = work.scratch / "model/model.safetensors";
  const std::string whole = get(weights);
  put(weights, whole.substr(0, whole.size() / 2));
  refuses(work, {}, 1, "model.safetensors");
  put(weights, whole);
  const auto with_config = [&](const char* name, const Json& value) {
    Json config = work.json("model/config.json");
    config[name] = value;
    put(work.scratch / "model/config.json", config.dump());
  };
  with_config("intermediate_size", 48);
  refuses(work, {}, 1, "48");
  with_config("model_type", "mamba");
  refuses(work, {}, 1, "mamba");
}

TEST_CASE("a loss that is not finite stops the run and names the step", "[apps]") {
  const Workspace work;
  write_tiny_model(work.scratch / "model", 1, [](gpt::Decoder& decoder) {
    const gpt::Tensor& embedding = decoder.output_projection().value;
    std::fill_n(embedding.row('z'), embedding.columns(), std::numeric_limits<float>::infinity());
  });
  std::string csv = get(work.scratch / "train.csv") + "a film with a z,fresh\n";
  put(work.scratch / "train.csv", csv);
  const auto outcome =
      run_gptask(work.finetune("run", {"--batch-size", "1", "--save-steps", "1", "--save-total-limit", "1"}));
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  CHECK(outcome.err.find("gptask: error: step ") != std::string::npos);
  CHECK(outcome.err.find("or resume from ") != std::string::npos);
  CHECK_FALSE(work.exists("run/gptask.json"));
}

TEST_CASE("a full disk is reported and leaves no finished run", "[apps][reliability]") {
  const Workspace work;
  const auto disk = work.scratch / "disk";
  std::filesystem::create_directories(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) GPT_SKIP("mounting a small disk needs root");
  const auto outcome = run_gptask(work.finetune("disk/run", {"--tuning", "full", "--max-steps", "2"}));
  const bool finished = work.exists("disk/run/gptask.json");
  const bool half_written = work.exists("disk/run/model.safetensors");
  umount(disk.c_str());
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  CHECK(outcome.err.find("No space left") != std::string::npos);
  CHECK_FALSE(finished);
  CHECK_FALSE(half_written);
}

TEST_CASE("texts that cannot be answered are refused one by one", "[apps]") {
  const Workspace work;
  REQUIRE(run_gptask(work.finetune("run", {"--max-steps", "1"})).code == 0);
  const auto predict = [&](const std::string& text) {
    return run_gptask({"predict", "--model", work.path("run"), "--text", "fine", "--text", text});
  };
  CHECK(predict("").code == 2);
  CHECK(predict("").err.find("--text is empty") != std::string::npos);
  CHECK(predict("a \xFF").code == 1);
  CHECK(predict("a \xFF").err.find("byte 0xff at byte 2 is no UTF-8") != std::string::npos);
}
