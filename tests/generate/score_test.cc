// How likely texts are.
#include "gpt/generate/score.h"

#include <cmath>

#include "generate/tiny_models.h"
#include "gpt/generate/generate.h"
#include "gpt/io/json.h"
#include "gpt/tensor/parallel.h"
#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/paths.h"

using namespace gpt;
using namespace gpt::test;

namespace {

using Tokens = std::vector<std::int32_t>;

double after(const Decoder& decoder, const Tokens& tokens, std::size_t begin, std::size_t end, Threads& threads) {
  return static_cast<double>(next_token(decoder, std::span(tokens).subspan(begin, end - begin),
                                        threads)[static_cast<std::size_t>(tokens[end])]);
}

}  // namespace

TEST_CASE("each token's log-probability is that of the model after those before it") {
  Threads threads(2);
  for (const char* family : kFamilies) {
    const auto decoder = tiny_model(family);
    const Tokens tokens = random_tokens(20, 5);
    const auto scores = score(*decoder, tokens, {}, threads);
    REQUIRE(scores.size() == 19);
    for (std::size_t i = 1; i < tokens.size(); ++i)
      CHECK(static_cast<double>(scores[i - 1]) == Approx(after(*decoder, tokens, 0, i, threads)).margin(1e-4));
    double sum = 0;
    for (const float p : next_token(*decoder, tokens, threads)) sum += std::exp(static_cast<double>(p));
    CHECK(sum == Approx(1));
    CHECK(score(*decoder, Tokens{3}, {}, threads).empty());
  }
}

TEST_CASE("a longer text is scored in windows that overlap") {
  Threads threads(2), one(1);
  const auto decoder = tiny_model("llama");
  const Tokens tokens = random_tokens(50, 6);
  const auto scores = score(*decoder, tokens, {20, 8}, threads);
  REQUIRE(scores.size() == 49);
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const std::size_t begin = i < 20 ? 0 : (i - 20) / 8 * 8 + 8;  // the first window that reaches token i
    CHECK(static_cast<double>(scores[i - 1]) == Approx(after(*decoder, tokens, begin, i, threads)).margin(1e-4));
  }
  CHECK(score(*decoder, tokens, {20, 8}, one) == scores);
  const Tokens longer = random_tokens(3 * static_cast<std::size_t>(kContext), 7);
  CHECK(score(*decoder, longer, {}, threads) == score(*decoder, longer, {kContext, kContext / 2}, threads));

  std::vector<std::size_t> told;
  const Tokens many = random_tokens(9000, 8);
  const auto begun = score(*decoder, many, {}, threads, [&](std::size_t done) {
    told.push_back(done);
    return told.size() < 2;
  });
  REQUIRE(told.size() == 2);
  CHECK(begun.size() == told.back());
  CHECK(told.back() < 8999);
}

TEST_CASE("score refuses what makes no sense") {
  Threads threads(1);
  const auto decoder = tiny_model("gpt2");
  const Tokens tokens{1, 2, 3};
  CHECK_ERROR(score(*decoder, Tokens(), {}, threads), "invalid_option", "there is no token to score");
  CHECK_ERROR(score(*decoder, Tokens{1, 61}, {}, threads), "mismatch", "token 2 is 61, outside the model's vocabulary");
  CHECK_ERROR(score(*decoder, tokens, {97, 0}, threads), "invalid_option",
              "the window must be between 2 and 96 tokens");
  CHECK_ERROR(score(*decoder, tokens, {10, 10}, threads), "invalid_option", "the stride must be between 1 and 9");
  CHECK_ERROR(score(*decoder, tokens, {10, -1}, threads), "invalid_option", "the stride must be between 1 and 9");
  CHECK_ERROR(next_token(*decoder, random_tokens(97, 1), threads), "invalid_option", "more than the model's context");
}

TEST_CASE("SmolLM2 scores its reference passage as PyTorch does") {
  GPT_NEED(reference, test::reference());
  GPT_NEED(weights, test::smollm2());
  const nlohmann::json passage = read_json_file(reference / "smollm2" / "reference.json").at("passage");
  Threads threads;
  std::unique_ptr<Decoder> decoder;
  threads.run([&] { decoder = Decoder::load(weights); });
  const auto expected = passage.at("token_log_probabilities").get<std::vector<double>>();
  const auto found = score(*decoder, passage.at("ids").get<Tokens>(), {}, threads);
  REQUIRE(found.size() == expected.size());
  double total = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(std::abs(static_cast<double>(found[i]) - expected[i]) <= 2e-3);
    total += static_cast<double>(found[i]);
  }
  CHECK(std::exp(-total / static_cast<double>(found.size())) ==
        Approx(passage.at("perplexity").get<double>()).epsilon(1e-3));
}

TEST_CASE("what a cache in fewer bits costs: perplexity of the small GPT") {
  const std::filesystem::path model = std::filesystem::path(GPTASK_SOURCE_DIR) / "models" / "mini";
  Threads threads(2);
  std::unique_ptr<Decoder> decoder;
  threads.run([&] { decoder = Decoder::load(model); });
  const std::string text =
      "It was a bright cold day, and the clocks of the old town were striking when she came down to the river. \"You "
      "are late,\" said her brother, who had waited by the boat since morning. \"I know it,\" she answered, \"but our "
      "father would not let me go before the letter was written, and I could not leave him alone with it.\" He took "
      "the oars without a word, and they went out upon the water, where the mist lay so thick that neither bank could "
      "be seen. For a long time nothing was heard but the sound of the oars.";
  const std::vector<std::int32_t> tokens = Tokenizer::load(model)->encode(text);
  REQUIRE(tokens.size() > 80);
  const auto perplexity = [&](CacheType type) {
    double sum = 0;
    const std::vector<float> scores = score(*decoder, tokens, {0, 0, type}, threads);
    for (const float p : scores) sum -= static_cast<double>(p);
    return std::exp(sum / static_cast<double>(scores.size()));
  };
  const double whole = perplexity(CacheType::float32), half = perplexity(CacheType::bfloat16),
               eighth = perplexity(CacheType::int8);
  INFO(whole << " " << half << " " << eighth);
  CHECK(half != whole);
  CHECK(std::abs(half / whole - 1) < 0.002);
  CHECK(eighth != whole);
  CHECK(std::abs(eighth / whole - 1) < 0.01);
}
