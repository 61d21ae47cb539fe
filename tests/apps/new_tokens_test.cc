// Start, delimiter and extract tokens: learned, saved, loaded, merged.
#include "apps/gptask.h"
#include "support/catch.h"

using namespace gptask::test;

namespace {

using Words = std::vector<std::string>;

const Words tokens = {"--start-token",   "<|start|>",   "--delimiter-token", "<|delimiter|>",
                      "--extract-token", "<|extract|>", "--aspect-column",   "aspect",
                      "--text-column",   "text",        "--max-steps",       "4"};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

struct Pairs : Workspace {
  Pairs() {
    std::string rows = "text,aspect,label\n";
    for (int i = 0; i < 16; ++i)
      rows += std::string(i % 2 == 0 ? "good food" : "bad food") + ",food," + (i % 2 == 0 ? "1" : "0") + "\n";
    put(scratch / "train.csv", rows);
  }
};

std::string answers(const std::string& model) {
  const auto outcome = run_gptask({"predict", "--model", model, "--text", "good food\tfood", "--json"});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  return outcome.out;
}

}  // namespace

TEST_CASE("the tokens of the GPT-1 paper are learned and come back with the model", "[apps]") {
  const Pairs work;
  const std::string tuning = GENERATE("lora", "full");
  const auto outcome = run_gptask(work.finetune("run", with(tokens, {"--tuning", tuning})));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(work.json("run/gptask.json").at("state").at("template") ==
        "<|start|>{text}<|delimiter|>{text_pair}<|extract|>");
  const Json tokenizer = work.json("run/tokenizer.json");
  CHECK(tokenizer.at("added_tokens").back().at("content") == "<|extract|>");
  CHECK(tokenizer.at("added_tokens").back().at("id") == 260);
  if (tuning == "full") CHECK(work.json("run/config.json").at("vocab_size") == 261);
  const std::string before = answers(work.path("run"));
  REQUIRE(run_gptask({"merge", "--model", work.path("run"), "--output-dir", work.path("merged")}).code == 0);
  CHECK(work.json("merged/config.json").at("vocab_size") == 261);
  const double merged = Json::parse(answers(work.path("merged"))).at("probability").get<double>();
  CHECK(merged == Approx(Json::parse(before).at("probability").get<double>()).margin(1e-5));
}

TEST_CASE("the template is shown by --dry-run, and new tokens need something that learns them", "[apps]") {
  const Pairs work;
  const auto plan = run_gptask(work.finetune("run", with(tokens, {"--dry-run", "--json"})));
  INFO(plan.err);
  REQUIRE(plan.code == 0);
  const Json ids = Json::parse(plan.out).at("samples").at(0).at("ids");
  CHECK(ids.front() == 258);
  CHECK(ids.back() == 260);
  const std::pair<Words, const char*> cases[] = {
      {{"--tuning", "head"}, "must be learned by the model, and --tuning head trains no part of it"},
      {{"--extract-token", "a b"}, "\"a b\" is no name for a token"},
      {{"--extract-token", "a"}, "\"a\" is an ordinary token of this tokenizer"},
      {{"--text-pair-separator", "x"}, "--delimiter_token and --text_pair_separator exclude each other"}};
  for (const auto& [flags, message] : cases) {
    const auto refused = run_gptask(work.finetune("run", with(tokens, flags)));
    INFO(refused.err);
    CHECK(refused.code == 2);
    CHECK(refused.err.find(message) != std::string::npos);
  }
}
