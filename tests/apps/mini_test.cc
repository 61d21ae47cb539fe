// The bundled model: what its folder holds, and that it knows more than nothing.
#include "apps/gptask.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace gptask::test;

namespace {

const std::filesystem::path mini = std::filesystem::path(GPTASK_SOURCE_DIR) / "models/mini";

}  // namespace

TEST_CASE("gptask-mini: small enough to be committed, with all that Transformers reads", "[apps]") {
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(mini))
    if (entry.is_regular_file()) bytes += entry.file_size();
  CHECK(bytes <= 12582912);
  for (const char* file : {"config.json", "model.safetensors", "generation_config.json", "tokenizer.json",
                           "tokenizer_config.json", "README.md", "recipe.sh", "texts.tsv"})
    CHECK(std::filesystem::exists(mini / file));
  const Json config = Json::parse(get(mini / "config.json"));
  CHECK(config.at("architectures").at(0) == "LlamaForCausalLM");
  CHECK(config.at("vocab_size") == 8192);
}

TEST_CASE("gptask-mini predicts English far better than chance", "[apps]") {
  const TemporaryFolder folder;
  const std::string text =
      "The old man walked slowly down the road. It was raining, and he was very tired. \"I shall be glad,\" he said to "
      "himself, \"when I am at home again and sit before the fire.\" But the house was dark when he came to the door.";
  put(folder / "text.txt", text);
  const auto scored =
      run_gptask({"score", "--model", mini.string(), "--file", (folder / "text.txt").string(), "--json"});
  INFO(scored.err);
  REQUIRE(scored.code == 0);
  const double perplexity = Json::parse(scored.out).at("perplexity").get<double>();
  CHECK(perplexity < 100);  // chance is 8,192
  CHECK(perplexity > 5);
}

TEST_CASE("gptask-mini writes, and learns a task", "[apps]") {
  const auto written = run_gptask({"generate", "--model", mini.string(), "--prompt", "It was a dark night, and",
                                   "--max-new-tokens", "20", "--json"});
  INFO(written.err);
  REQUIRE(written.code == 0);
  CHECK(Json::parse(written.out).at("text").get<std::string>().size() > 20);

  const Workspace work;
  const auto tuned = run_gptask({"finetune",
                                 "sentiment",
                                 "--model",
                                 mini.string(),
                                 "--tuning",
                                 "full",
                                 "--train-file",
                                 work.path("train.csv"),
                                 "--validation-file",
                                 work.path("train.csv"),
                                 "--output-dir",
                                 work.path("run"),
                                 "--num-train-epochs",
                                 "10",
                                 "--learning-rate",
                                 "1e-3",
                                 "--max-seq-length",
                                 "32",
                                 "--threads",
                                 "2"});
  INFO(tuned.err);
  REQUIRE(tuned.code == 0);
  CHECK(work.json("run/eval_results.json").at("eval_accuracy") == 1.0);
}
