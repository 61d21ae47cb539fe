// Continuations of Transformers, token by token.
#include <nlohmann/json.hpp>

#include "gpt/generate/generate.h"
#include "gpt/io/json.h"
#include "gpt/model/decoder.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace gpt;

namespace {

using Tokens = std::vector<std::int32_t>;

GenerateOptions options_of(const nlohmann::json& settings) {
  GenerateOptions o;
  for (const auto& [name, value] : settings.items()) {
    if (name == "eos_token_id") {
      o.eos_token_id = value.is_array() ? value.get<Tokens>() : Tokens{value.get<std::int32_t>()};
    } else if (name == "num_beams") {
      o.num_beams = value.get<std::int32_t>();
    } else if (name == "length_penalty") {
      o.length_penalty = value.get<double>();
    } else if (name == "early_stopping") {
      o.early_stopping = value == "never" ? EarlyStopping::never
                         : value == true  ? EarlyStopping::yes
                                          : EarlyStopping::no;
    } else if (name == "repetition_penalty") {
      o.repetition_penalty = value.get<double>();
    } else if (name == "no_repeat_ngram_size") {
      o.no_repeat_ngram_size = value.get<std::int32_t>();
    } else if (name == "max_new_tokens") {
      o.max_new_tokens = value.get<std::int32_t>();
    } else if (name == "min_new_tokens") {
      o.min_new_tokens = value.get<std::int32_t>();
    } else {
      FAIL("no option for the setting " << name);
    }
  }
  return o;
}

}  // namespace

TEST_CASE("tiny models continue as in Transformers") {
  GPT_NEED(reference, test::reference());
  Threads threads(2);
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(reference / "models")) {
    if (!std::filesystem::exists(entry.path() / "reference.json")) continue;
    const std::string name = entry.path().filename().string();
    const nlohmann::json numbers = read_json_file(entry.path() / "reference.json");
    if (!numbers.contains("generation")) continue;
    ++models;
    const auto decoder = Decoder::load(entry.path());
    const std::vector<Tokens> prompts{numbers.at("prompt").get<Tokens>()};
    REQUIRE(numbers.at("generation").size() >= 10);
    for (const auto& one : numbers.at("generation")) {
      INFO(name << ": " << one.at("name").get<std::string>());
      const auto found = generate(*decoder, prompts, options_of(one.at("settings")), threads);
      CHECK(found.at(0).tokens == one.at("tokens").get<Tokens>());
    }
  }
  CHECK(models >= 9);
}

TEST_CASE("SmolLM2 continues as in Transformers") {
  GPT_NEED(reference, test::reference());
  GPT_NEED(weights, test::smollm2());
  const nlohmann::json numbers = read_json_file(reference / "smollm2" / "reference.json");
  Threads threads;
  std::unique_ptr<Decoder> decoder;
  threads.run([&] { decoder = Decoder::load(weights); });
  std::vector<Tokens> prompts, greedy, beams;
  for (const auto& prompt : numbers.at("prompts")) {
    prompts.push_back(prompt.at("ids").get<Tokens>());
    greedy.push_back(prompt.at("greedy_ids").get<Tokens>());
    beams.push_back(prompt.at("beam4_ids").get<Tokens>());
  }
  GenerateOptions options;
  options.eos_token_id = {{2}};
  options.max_new_tokens = 32;
  auto found = generate(*decoder, prompts, options, threads);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    INFO("prompt " << i << ", greedy");
    CHECK(found.at(i).tokens == greedy[i]);
  }
  options.max_new_tokens = 24;
  options.num_beams = 4;
  found = generate(*decoder, prompts, options, threads);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    INFO("prompt " << i << ", 4 beams");
    CHECK(found.at(i).tokens == beams[i]);
  }
}
