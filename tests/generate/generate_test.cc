// Batches, callbacks, ends and errors of generate.
#include "gpt/generate/generate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "generate/tiny_models.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

using Tokens = std::vector<std::int32_t>;

std::vector<Tokens> prompts_of(const std::vector<std::size_t>& lengths) {
  std::vector<Tokens> prompts;
  for (std::size_t i = 0; i < lengths.size(); ++i) prompts.push_back(random_tokens(lengths[i], 100 + i));
  return prompts;
}

/// Log-probability of `tokens` after `prompt`, from one pass over both.
double log_probability(const Decoder& decoder, const Tokens& prompt, const Tokens& tokens) {
  Arena arena;
  Tape tape(arena, false);
  Batch batch;
  batch.add({prompt, {}});
  batch.tokens.insert(batch.tokens.end(), tokens.begin(), tokens.end());
  batch.offsets.back() = batch.token_count();
  const Hidden hidden = decoder.forward(tape, batch);
  const Tensor& projection = decoder.output_projection().value;
  double total = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const float* const state = hidden.states.value().row(static_cast<std::int64_t>(prompt.size() + i) - 1);
    double sum = 0, chosen = 0;
    for (std::int32_t v = 0; v < kVocabulary; ++v) {
      double logit = 0;
      for (std::int64_t k = 0; k < projection.columns(); ++k)
        logit += static_cast<double>(state[k]) * static_cast<double>(projection.row(v)[k]);
      sum += std::exp(logit);
      if (v == tokens[i]) chosen = logit;
    }
    total += chosen - std::log(sum);
  }
  return total;
}

}  // namespace

TEST_CASE("a batch of prompts is continued as one by one") {
  Threads threads(2), one(1);
  for (const char* family : kFamilies)
    for (const std::int32_t beams : {1, 3}) {
      INFO(family << ", " << beams << " beams");
      const auto decoder = tiny_model(family);
      const std::vector<Tokens> prompts = prompts_of({1, 40, 7, 32, 3, 90, 12});
      GenerateOptions options;
      options.num_beams = beams;
      options.eos_token_id = {{4, 9, 17, 30}};
      options.batch_size = 3;
      const auto together = generate(*decoder, prompts, options, threads);
      REQUIRE(together.size() == prompts.size());
      std::size_t shortest = 20, longest = 0;
      for (std::size_t i = 0; i < prompts.size(); ++i) {
        INFO("prompt " << i);
        const auto alone = generate(*decoder, std::span(prompts).subspan(i, 1), options, one);
        CHECK(together[i].tokens == alone.front().tokens);
        CHECK(together[i].score == Approx(alone.front().score).margin(1e-5));
        CHECK(together[i].reason == alone.front().reason);
        shortest = std::min(shortest, together[i].tokens.size());
        longest = std::max(longest, together[i].tokens.size());
      }
      CHECK(shortest < longest);  // so that prompts left and entered at different steps
      const auto again = generate(*decoder, prompts, options, one);
      for (std::size_t i = 0; i < prompts.size(); ++i) {
        CHECK(again[i].tokens == together[i].tokens);
        CHECK(again[i].score == together[i].score);  // to the last bit for any number of threads
      }
    }
}

TEST_CASE("beams find likelier continuations than greed, and say how likely") {
  Threads threads(1);
  const auto decoder = tiny_model("llama");
  const std::vector<Tokens> prompts = prompts_of({5, 6, 7, 8});
  GenerateOptions options;
  options.max_new_tokens = 12;
  options.eos_token_id = Tokens();
  const auto greedy = generate(*decoder, prompts, options, threads);
  options.num_beams = 8;
  const auto beams = generate(*decoder, prompts, options, threads);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const double found = log_probability(*decoder, prompts[i], beams[i].tokens);
    CHECK(beams[i].tokens.size() == 12);
    CHECK(beams[i].score == Approx(found / 12).epsilon(1e-4));
    CHECK(found >= log_probability(*decoder, prompts[i], greedy[i].tokens) - 1e-4);
  }
}

TEST_CASE("early_stopping never looks at least as far as no") {
  Threads threads(1);
  const auto decoder = tiny_model("gpt2");
  const std::vector<Tokens> prompts = prompts_of({4, 9, 14, 19, 24, 29});
  GenerateOptions options;
  options.num_beams = 3;
  options.length_penalty = 2;
  options.max_new_tokens = 30;
  options.eos_token_id = {{4, 9, 17, 30}};
  std::vector<std::vector<Generation>> found;
  for (const EarlyStopping stopping : {EarlyStopping::yes, EarlyStopping::no, EarlyStopping::never}) {
    options.early_stopping = stopping;
    found.push_back(generate(*decoder, prompts, options, threads));
  }
  constexpr double rounding = 1e-6;  // searches share the work of a batch in different ways
  double gained = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    CHECK(found[0][i].score <= found[1][i].score + rounding);
    CHECK(found[1][i].score <= found[2][i].score + rounding);
    gained += found[2][i].score - found[0][i].score;
  }
  CHECK(gained > 0);
}

TEST_CASE("a continuation ends where the context does") {
  Threads threads(1);
  const auto decoder = tiny_model("gpt2");
  GenerateOptions options;
  options.eos_token_id = Tokens();
  for (const std::int32_t beams : {1, 2}) {
    options.num_beams = beams;
    const auto found = generate(*decoder, prompts_of({kContext - 5, 10, kContext - 1}), options, threads);
    CHECK(found[0].tokens.size() == 5);
    CHECK(found[0].reason == StopReason::context);
    CHECK(found[1].tokens.size() == 20);
    CHECK(found[1].reason == StopReason::max_new_tokens);
    CHECK(found[2].tokens.size() == 1);
  }
}

TEST_CASE("callbacks hear every token once, and can stop") {
  Threads threads(2);
  const auto decoder = tiny_model("llama");
  const std::vector<Tokens> prompts = prompts_of({3, 4, 5});
  GenerateOptions options;
  options.eos_token_id = {{4, 9, 17, 30}};
  options.batch_size = 2;
  for (const std::int32_t beams : {1, 3}) {
    options.num_beams = beams;
    std::vector<Tokens> heard(3);
    std::vector<int> finished(3);
    GenerateCallbacks callbacks;
    callbacks.token = [&](std::size_t prompt, std::int32_t token) { heard.at(prompt).push_back(token); };
    callbacks.finished = [&](std::size_t prompt, const Generation& one) {
      CHECK(one.tokens == heard.at(prompt));
      ++finished.at(prompt);
    };
    const auto found = generate(*decoder, prompts, options, threads, callbacks);
    CHECK(finished == std::vector<int>{1, 1, 1});
    for (std::size_t i = 0; i < 3; ++i) CHECK(heard[i] == found[i].tokens);

    int steps = 0;
    GenerateCallbacks stopping;
    stopping.stop_requested = [&] { return steps++ == 2; };
    options.eos_token_id = Tokens();
    const auto stopped = generate(*decoder, prompts, options, threads, stopping);
    CHECK(stopped[0].tokens.size() == 2);
    CHECK(stopped[0].reason == StopReason::requested);
    CHECK(stopped[2].tokens.empty());  // its turn never came
    CHECK(stopped[2].reason == StopReason::requested);
    if (beams > 1) CHECK(stopped[0].score == Approx(log_probability(*decoder, prompts[0], stopped[0].tokens) / 2));
    options.eos_token_id = {{4, 9, 17, 30}};
  }
}

TEST_CASE("as many beams as tokens, and no prompt at all") {
  Threads threads(1);
  const auto decoder = tiny_model("gpt2");
  GenerateOptions options;
  options.num_beams = static_cast<std::int32_t>(kVocabulary);
  options.max_new_tokens = 3;
  CHECK(generate(*decoder, prompts_of({2}), options, threads).front().tokens.size() == 3);
  CHECK(generate(*decoder, {}, options, threads).empty());
}

TEST_CASE("generate refuses what makes no sense") {
  Threads threads(1);
  const auto decoder = tiny_model("gpt2");
  const std::vector<Tokens> good = prompts_of({3});
  const auto with = [&](const auto& change) {
    GenerateOptions options;
    change(options);
    return generate(*decoder, good, options, threads);
  };
  const auto of = [&](const std::vector<Tokens>& prompts) { return generate(*decoder, prompts, {}, threads); };
  CHECK_ERROR(of({{1}, {}}), "invalid_option", "prompt 2 of 2 is empty");
  CHECK_ERROR(of({random_tokens(kContext, 1)}), "invalid_option", "prompt 1 of 1 has 96 tokens; the model's context");
  CHECK_ERROR(of({{1, 61}}), "mismatch", "prompt 1 of 1: token 2 is 61, outside the model's vocabulary of 61");
  CHECK_ERROR(of({{-1}}), "mismatch", "token 1 is -1");
  CHECK_ERROR(with([](auto& o) { o.num_beams = 62; }), "invalid_option", "num_beams is 62, more than the 61 tokens");
  CHECK_ERROR(with([](auto& o) { o.num_beams = 0; }), "invalid_option", "num_beams must be between 1 and 1024, not 0");
  CHECK_ERROR(with([](auto& o) { o.max_new_tokens = 0; }), "invalid_option", "max_new_tokens must be between 1");
  CHECK_ERROR(with([](auto& o) { o.min_new_tokens = 21; }), "invalid_option",
              "min_new_tokens must be between 0 and 20");
  CHECK_ERROR(with([](auto& o) { o.no_repeat_ngram_size = -1; }), "invalid_option", "no_repeat_ngram_size must be");
  CHECK_ERROR(with([](auto& o) { o.batch_size = 0; }), "invalid_option", "batch_size must be between 1");
  CHECK_ERROR(with([](auto& o) { o.repetition_penalty = 0; }), "invalid_option",
              "repetition_penalty must be a positive");
  CHECK_ERROR(with([](auto& o) { o.length_penalty = NAN; }), "invalid_option", "length_penalty must be a number");
  CHECK_ERROR(with([](auto& o) { o.eos_token_id = {{61}}; }), "invalid_option", "the end token 61 is outside");
}

TEST_CASE("damaged weights are reported, not decoded") {
  Threads threads(1);
  const auto decoder = tiny_model("llama");
  decoder->parameters().front()->value.fill(std::numeric_limits<float>::quiet_NaN());
  GenerateOptions options;
  for (const std::int32_t beams : {1, 2}) {
    options.num_beams = beams;
    CHECK_ERROR(generate(*decoder, prompts_of({3}), options, threads), "diverged", "logits are not numbers");
  }
  options.num_beams = 1;
  options.do_sample = true;
  CHECK_ERROR(generate(*decoder, prompts_of({3}), options, threads), "diverged", "logits are not numbers");
  options.do_sample = false;
  options.log_probabilities = true;
  CHECK_ERROR(generate(*decoder, prompts_of({3}), options, threads), "diverged", "logits are not numbers");
}
