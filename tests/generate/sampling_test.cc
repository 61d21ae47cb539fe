// Drawing tokens: distributions, seeds, samples.
#include <tbb/global_control.h>

#include <cmath>
#include <set>

#include "generate/search.h"
#include "generate/tiny_models.h"
#include "gpt/generate/generate.h"
#include "gpt/io/json.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/paths.h"

using namespace gpt;
using namespace gpt::test;

namespace {

using Tokens = std::vector<std::int32_t>;

GenerateOptions sampling() {
  GenerateOptions options;
  options.do_sample = true;
  options.eos_token_id = Tokens();
  return options;
}

std::vector<double> distribution(const GenerateOptions& options, const Tokens& before, std::vector<float> scores) {
  LogitsProcessors(options, Tokens()).apply({before, before.size()}, scores);
  std::vector<double> out;
  double sum = 0;
  for (const float score : scores) sum += out.emplace_back(std::exp(static_cast<double>(score)));
  for (double& value : out) value /= sum;
  return out;
}

/// The first tokens of many samples from one distribution.
Tokens draws(const GenerateOptions& options, const std::vector<float>& logits, const Tokens& prompt) {
  const SearchRules rules{
      options, {}, LogitsProcessors(options, Tokens()), 100, static_cast<std::int64_t>(logits.size())};
  const auto search = single_search(prompt, rules);
  std::vector<float> scores = logits;
  search->step(scores);
  Tokens tokens;
  for (std::int32_t i = 0; i < options.num_return_sequences; ++i)
    tokens.push_back(search->certain(static_cast<std::size_t>(i)).front());
  return tokens;
}

std::vector<Tokens> tokens_of(const std::vector<Generation>& generations) {
  std::vector<Tokens> tokens;
  for (const Generation& one : generations) tokens.push_back(one.tokens);
  return tokens;
}

}  // namespace

TEST_CASE("distributions are those of Transformers") {
  GPT_NEED(reference, test::reference());
  const nlohmann::json cases = read_json_file(reference / "models" / "sampling.json");
  REQUIRE(cases.size() >= 8);
  for (const auto& one : cases) {
    GenerateOptions options = sampling();
    options.temperature = one.at("temperature").get<double>();
    options.top_k = one.at("top_k").get<std::int32_t>();
    options.top_p = one.at("top_p").get<double>();
    options.min_p = one.at("min_p").get<double>();
    options.repetition_penalty = one.at("repetition_penalty").get<double>();
    const auto found =
        distribution(options, one.at("previous").get<Tokens>(), one.at("logits").get<std::vector<float>>());
    const auto expected = one.at("probabilities").get<std::vector<double>>();
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      INFO(one.at("temperature") << " " << one.at("top_k") << " " << one.at("top_p") << " token " << i);
      CHECK(std::abs(found[i] - expected[i]) <= 1e-5);
    }
  }
}

TEST_CASE("the filters by hand") {
  GenerateOptions options = sampling();
  const std::vector<float> scores{std::log(0.5F), std::log(0.1F), std::log(0.3F), std::log(0.1F)};
  const auto kept = [&](const GenerateOptions& o) {
    std::string out;
    for (const double p : distribution(o, {0}, scores)) out += p > 0 ? '1' : '0';
    return out;
  };
  CHECK(kept(options) == "1111");  // top_k is 50
  options.top_k = 2;
  CHECK(kept(options) == "1010");
  options.top_k = 3;
  CHECK(kept(options) == "1111");  // two share the third place
  options.top_k = 0;
  options.top_p = 0.75;
  CHECK(kept(options) == "1010");
  options.top_p = 0.85;
  CHECK(kept(options) == "1011");  // of two alike the earlier one goes first
  options.top_p = 0;
  CHECK(kept(options) == "1000");
  options.top_p = 1;
  options.min_p = 0.5;
  CHECK(kept(options) == "1010");
  options.min_p = 1;
  CHECK(kept(options) == "1000");
  options.do_sample = false;
  CHECK(kept(options) == "1111");  // not read
}

TEST_CASE("presence_penalty and frequency_penalty leave the prompt out of account") {
  GenerateOptions options;
  options.presence_penalty = 1;
  options.frequency_penalty = 0.5;
  std::vector<float> scores{1, 2, 3, 4};
  const Tokens tokens{0, 0, 1, 2, 1};
  LogitsProcessors(options, Tokens()).apply({tokens, 2}, scores);
  CHECK(scores == std::vector<float>{1, 0, 1.5, 4});
}

TEST_CASE("draws follow the distribution") {
  GenerateOptions options = sampling();
  options.num_return_sequences = 1000;
  const std::vector<double> expected{0.5, 0.25, 0.2, 0.04, 0.01};
  std::vector<float> logits;
  for (const double p : expected) logits.push_back(static_cast<float>(std::log(p)) + 3);
  std::vector<double> counts(5);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    options.seed = seed;
    for (const std::int32_t token : draws(options, logits, {1, 2})) ++counts[static_cast<std::size_t>(token)];
  }
  double chi_square = 0;
  for (std::size_t i = 0; i < 5; ++i)
    chi_square += std::pow(counts[i] - 20000 * expected[i], 2) / (20000 * expected[i]);
  CHECK(chi_square < 18.5);  // 4 degrees of freedom: one in a thousand is above

  CHECK(draws(options, logits, {1, 2}) == draws(options, logits, {1, 2}));
  const Tokens other = draws(options, logits, {1, 3});
  CHECK(draws(options, logits, {1, 2}) != other);  // another prompt draws other numbers
  options.seed = 1000;
  CHECK(draws(options, logits, {1, 3}) != other);
}

TEST_CASE("samples are the same for any number of threads and in any company") {
  const tbb::global_control more(tbb::global_control::max_allowed_parallelism, 8);
  for (const char* family : kFamilies) {
    const auto decoder = tiny_model(family);
    const std::vector<Tokens> prompts{random_tokens(5, 1), random_tokens(33, 2), random_tokens(5, 1),
                                      random_tokens(64, 3)};
    GenerateOptions options = sampling();
    options.num_return_sequences = 3;
    options.max_new_tokens = 24;
    options.eos_token_id = {{4, 9, 17}};
    options.batch_size = 3;
    Threads one(1), two(2), seven(7);
    const auto found = tokens_of(generate(*decoder, prompts, options, one));
    REQUIRE(found.size() == 12);
    CHECK(std::set<Tokens>(found.begin(), found.end()).size() == 9);  // the first and third prompt are one
    CHECK(tokens_of(generate(*decoder, prompts, options, two)) == found);
    CHECK(tokens_of(generate(*decoder, prompts, options, seven)) == found);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      const auto alone = tokens_of(generate(*decoder, std::span(prompts).subspan(i, 1), options, two));
      for (std::size_t k = 0; k < 3; ++k) CHECK(alone[k] == found[3 * i + k]);
    }
    options.num_return_sequences = 1;
    CHECK(generate(*decoder, prompts, options, one)[1].tokens == found[3]);
    options.seed = 7;
    CHECK(generate(*decoder, prompts, options, one)[1].tokens != found[3]);
  }
}

TEST_CASE("beams return the best few") {
  const auto decoder = tiny_model("llama");
  const std::vector<Tokens> prompts{random_tokens(5, 1), random_tokens(9, 2)};
  GenerateOptions options;
  options.num_beams = 4;
  options.num_return_sequences = 3;
  options.eos_token_id = {{4, 9, 17}};
  Threads threads(2);
  const auto found = generate(*decoder, prompts, options, threads);
  REQUIRE(found.size() == 6);
  for (const std::size_t i : {0U, 3U}) {
    CHECK(found[i].score >= found[i + 1].score);
    CHECK(found[i + 1].score >= found[i + 2].score);
    CHECK(found[i].tokens != found[i + 1].tokens);
  }
  options.num_return_sequences = 1;
  CHECK(generate(*decoder, prompts, options, threads)[1].tokens == found[3].tokens);
}

TEST_CASE("log-probabilities are the model's, whatever the rules") {
  const auto decoder = tiny_model("gpt2");
  const std::vector<Tokens> prompts{random_tokens(5, 1)};
  Threads threads(1);
  for (const std::int32_t beams : {1, 3}) {
    GenerateOptions options;
    options.num_beams = beams;
    options.eos_token_id = Tokens();
    options.log_probabilities = true;
    options.top_log_probabilities = 4;
    options.max_new_tokens = 6;
    options.no_repeat_ngram_size = 1;
    const Generation found = generate(*decoder, prompts, options, threads).front();
    REQUIRE(found.log_probabilities.size() == 6);
    REQUIRE(found.top_log_probabilities.size() == 6);
    Tokens before = prompts[0];
    for (std::size_t i = 0; i < 6; ++i) {
      GenerateOptions plain;
      plain.max_new_tokens = 1;
      plain.top_log_probabilities = static_cast<std::int32_t>(kVocabulary);
      const std::vector<Tokens> next{before};
      const auto all = generate(*decoder, next, plain, threads).front().top_log_probabilities.front();
      for (const TokenScore& one : all)
        if (one.token == found.tokens[i]) CHECK(one.log_probability == Approx(found.log_probabilities[i]).margin(1e-4));
      for (std::size_t k = 0; k < 4; ++k)
        CHECK(all[k].log_probability == Approx(found.top_log_probabilities[i][k].log_probability).margin(1e-4));
      before.push_back(found.tokens[i]);
    }
    options.log_probabilities = false;
    options.top_log_probabilities = 0;
    CHECK(generate(*decoder, prompts, options, threads).front().log_probabilities.empty());
  }
}

TEST_CASE("sampling refuses what makes no sense") {
  Threads threads(1);
  const auto decoder = tiny_model("gpt2");
  const auto with = [&](const auto& change) {
    GenerateOptions options = sampling();
    change(options);
    return generate(*decoder, std::vector<Tokens>{{1}}, options, threads);
  };
  CHECK_ERROR(with([](auto& o) { o.temperature = 0; }), "invalid_option", "temperature must be a positive number");
  CHECK_ERROR(with([](auto& o) { o.top_k = -1; }), "invalid_option", "top_k must be between 0");
  CHECK_ERROR(with([](auto& o) { o.top_p = 1.5; }), "invalid_option", "top_p must be between 0 and 1, not 1.5");
  CHECK_ERROR(with([](auto& o) { o.min_p = NAN; }), "invalid_option", "min_p must be between 0 and 1, not nan");
  CHECK_ERROR(with([](auto& o) { o.num_beams = 2; }), "invalid_option", "do_sample with 2 beams is not supported");
  CHECK_ERROR(with([](auto& o) { o.num_return_sequences = 0; }), "invalid_option", "num_return_sequences must be");
  CHECK_ERROR(with([](auto& o) { o.do_sample = false, o.num_return_sequences = 2; }), "invalid_option",
              "greedy search finds one sequence");
  CHECK_ERROR(with([](auto& o) { o.do_sample = false, o.num_beams = 2, o.num_return_sequences = 3; }), "invalid_option",
              "there are 2 beams");
  CHECK_ERROR(with([](auto& o) { o.stop_strings = {""}; }), "invalid_option", "a stop string is empty");
  CHECK_ERROR(with([](auto& o) { o.stop_strings = {"x"}; }), "invalid_option", "stop_strings need the tokenizer");
  CHECK_ERROR(with([](auto& o) { o.presence_penalty = INFINITY; }), "invalid_option", "presence_penalty must be");
  CHECK_ERROR(with([](auto& o) { o.top_log_probabilities = 62; }), "invalid_option", "top_log_probabilities must be");
  GenerateOptions greedy;
  greedy.temperature = 0;  // not read
  CHECK(generate(*decoder, std::vector<Tokens>{{1}}, greedy, threads).size() == 1);
}
