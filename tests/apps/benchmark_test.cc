// gptask benchmark on a tiny model, and what a user gets wrong.
#include <thread>

#include "apps/gptask.h"
#include "gpt/tensor/gemm.h"
#include "support/catch.h"

using namespace gptask::test;

namespace {

/// A run that is over soon.
Outcome benchmark(std::vector<std::string> flags) {
  const std::vector<std::string> all = {"benchmark", "--threads",    "2", "--steps",     "1", "--rounds",
                                        "1",         "--new-tokens", "4", "--sequences", "2"};
  flags.insert(flags.begin(), all.begin(), all.end());
  return run_gptask(flags);
}

void refuses(const std::vector<std::string>& flags, int code, const std::string& words) {
  const Outcome outcome = benchmark(flags);
  INFO(outcome.err);
  CHECK(outcome.code == code);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.find("gptask: error: " + words) != std::string::npos);
}

}  // namespace

TEST_CASE("benchmark measures a model from files in every precision", "[apps]") {
  const Workspace work;
  const Outcome outcome = benchmark({"--model", work.path("model"), "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json json = Json::parse(outcome.out);
  CHECK(json.at("model").at("parameters") == 258 * 32 + 2 * (32 * 32 * 3 + 3 * 32 * 64 + 2 * 32) + 32);
  REQUIRE(json.at("machine").size() == 1);
  const Json& machine = json.at("machine").at(0);
  CHECK(machine.at("threads") == 2);
  for (const char* limit : {"float32_gflops", "int8_gops", "memory_gb_per_second"}) CHECK(machine.at(limit) > 0.0);
  const bool bf16 = machine.at("bfloat16_gflops") > 0.0;

  CHECK(json.at("training").size() == (bf16 ? 4U : 2U));  // two tasks
  CHECK(json.at("evaluation").size() == json.at("training").size());
  CHECK(json.at("prompt").size() == (bf16 ? 4U : 3U));
  CHECK(json.at("decoding").size() == 2 * json.at("prompt").size());  // sequences, beams
  const Json& step = json.at("training").at(0);
  CHECK(step.at("task") == "language-model");
  CHECK(step.at("tuning") == "lora");
  CHECK(step.at("batch_size") == 4);
  CHECK(step.at("length") == 64);  // the context ends there
  CHECK(step.at("tokens_per_second") > 0.0);
  CHECK(step.at("peak_memory_gb") > 0.001);
  CHECK(step.at("limit_gflops") > 0.0);
  CHECK(step.at("limit_gflops") <= machine.at("float32_gflops"));  // the fastest of all that were measured
  const double share = step.at("gflops").get<double>() / step.at("limit_gflops").get<double>();
  CHECK(step.at("share_of_peak").get<double>() == Approx(share));
  CHECK(json.at("prompt").at(0).at("tokens") == 63);
  const Json& beams = json.at("decoding").at(1);
  CHECK(beams.at("beams") == 4);
  CHECK(beams.at("gb_per_second") > 0.0);
  CHECK(beams.at("limit_gb_per_second") <= machine.at("memory_gb_per_second"));
  CHECK(outcome.err.find("training: classification, 32 x 32, float32, 2 threads\n") != std::string::npos);
}

TEST_CASE("benchmark shows how a shape grows, as a table", "[apps]") {
  const Outcome outcome = benchmark({"--config-name", "nano", "--vocab-size", "300", "--precision", "float32",
                                     "--measure", "training,decoding", "--task", "classification", "--vary",
                                     "threads,length,batch-size", "--lengths", "16,64,4096", "--batch-sizes", "3"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const auto says = [&](const std::string& words) { return outcome.err.find(words) != std::string::npos; };
  CHECK(says("training: classification, 32 x 32, float32, 2 threads"));
  CHECK(says("training: classification, 32 x 32, float32, 1 threads"));
  CHECK(says("decoding: 1 sequence, float32, 1 threads"));
  CHECK(says("training: classification, 1 x 16, float32, 2 threads"));
  CHECK(says("training: classification, 1 x 64, float32, 2 threads"));
  CHECK_FALSE(says("4096"));  // beyond the context
  CHECK(says("training: classification, 3 x 64, float32, 2 threads"));
  CHECK(says("decoding: 3 sequences, float32, 2 threads"));
  CHECK(outcome.out.find("nano: 0.1 million parameters") == 0);
  for (const char* heading : {"This machine", "Training steps", "Writing", "% of peak", "% of bandwidth", "full"})
    CHECK(outcome.out.find(heading) != std::string::npos);
  CHECK(outcome.out.find("Evaluation") == std::string::npos);
}

TEST_CASE("benchmark trains with checkpointing where it is asked to", "[apps]") {
  const auto peak = [](const std::vector<std::string>& more) {
    std::vector<std::string> flags{
        "--config-name", "mini",   "--vocab-size",   "300",      "--precision", "float32",      "--measure",
        "training",      "--task", "classification", "--length", "512",         "--batch-size", "4",
        "--steps",       "1",      "--json"};
    flags.insert(flags.end(), more.begin(), more.end());
    const Outcome outcome = benchmark(flags);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const auto row = nlohmann::json::parse(outcome.out)["training"][0];
    CHECK(row["gradient_checkpointing"] == !more.empty());
    return row["peak_memory_gb"].get<double>();
  };
  CHECK(peak({"--gradient-checkpointing"}) < 0.8 * peak({}));
}

TEST_CASE("benchmark says what is wrong", "[apps]") {
  const Workspace work;
  const std::string model = work.path("model");
  refuses({}, 2, "--model or --config_name is missing: a model from files, or a shape with random weights");
  refuses({"--model", model, "--config-name", "nano"}, 2, "give either --model or --config_name");
  refuses({"--config-name", "giant"}, 2, "--config_name must be nano, micro, mini, small, gpt2 or the path");
  refuses({"--config-name", "nano", "--vocab-size", "0"}, 2, "--vocab_size must be between 1 and 10000000, not 0");
  refuses({"--model", work.path("nothing")}, 1, "");
  refuses({"--model", model, "--measure", "speed"}, 2,
          "--measure takes training, evaluation, prompt, decoding, not \"speed\"");
  refuses({"--model", model, "--precision", "float64"}, 2, "--precision takes float32, bfloat16, int8, int4, not");
  refuses({"--model", model, "--measure", "training", "--precision", "int8"}, 2,
          "nothing of --measure training, --tasks language-model,classification, --precision int8 can be measured "
          "together: weights in int8 and int4 do not train");
  if (!gpt::hardware_bf16())
    refuses({"--model", model, "--precision", "bfloat16", "--measure", "prompt"}, 2,
            "nothing of --measure prompt, --tasks language-model,classification, --precision bfloat16 can be measured "
            "together: weights in int8 and int4 do not train, and this machine has no bfloat16 products; take "
            "--precision float32");
  refuses({"--model", model, "--task", "qa"}, 2, "--tasks takes language-model, classification, not \"qa\"");
  refuses({"--model", model, "--vary", "model"}, 2, "--vary takes threads, length, batch_size, not \"model\"");
  refuses({"--model", model, "--tuning", "half"}, 2, "");
  refuses({"--model", model, "--batch-size", "0"}, 2, "--batch_size must be between 1 and 1000000, not 0");
  refuses({"--model", model, "--length", "65"}, 2, "--length must be between 1 and 64, not 65");
  refuses({"--model", model, "--prompt-tokens", "64"}, 2, "--prompt_tokens must be between 1 and 63, not 64");
  refuses({"--model", model, "--sequences", "many"}, 2, "--sequences takes whole numbers from 1, not \"many\"");
  refuses({"--model", model, "more"}, 2, "\"more\" is no option");
}

TEST_CASE("benchmark says which measurement the system ended", "[apps]") {
  const Workspace work;
  // A second of processor time is less than the machine's limits take.
  const Outcome outcome =
      run({"/bin/sh", "-c",
           "ulimit -t 1; exec " GPTASK_PROGRAM " benchmark --config-name gpt2 --length 1024 --measure "
           "training"});
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  CHECK(outcome.err.find("gptask: error: ") != std::string::npos);
  CHECK(outcome.err.find("ended by signal 9, as when memory runs out") != std::string::npos);
}
