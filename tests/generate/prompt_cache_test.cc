// A conversation: each prompt begins with what was said before, and that is not computed again.
#include "gpt/generate/prompt_cache.h"

#include "generate/tiny_models.h"
#include "gpt/generate/generate.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

using Tokens = std::vector<std::int32_t>;

Tokens joined(Tokens first, const Tokens& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

TEST_CASE("continuations with a cache are those without") {
  Threads threads(2);
  for (const char* family : kFamilies) {
    const auto decoder = tiny_model(family);
    PromptCache cache(decoder->config());
    GenerateOptions options;
    options.eos_token_id = {{4, 9, 17, 30}};
    options.max_new_tokens = 9;
    const auto check = [&](const Tokens& prompt, std::int32_t reused) {
      const Generation with = generate(*decoder, prompt, options, threads, {}, cache);
      const Generation without = generate(*decoder, std::span(&prompt, 1), options, threads).front();
      INFO(family << ", prompt of " << prompt.size());
      CHECK(with.tokens == without.tokens);
      CHECK(with.reason == without.reason);
      CHECK(cache.reused() == reused);
      CHECK(cache.length() == static_cast<std::int32_t>(prompt.size() + with.tokens.size()) - 1);
      return with.tokens;
    };
    Tokens talk = random_tokens(30, 1);
    talk = joined(talk, check(talk, 0));
    auto held = static_cast<std::int32_t>(talk.size()) - 1;
    talk = joined(talk, random_tokens(8, 2));
    talk = joined(talk, check(talk, held));
    check(talk, static_cast<std::int32_t>(talk.size()) - 1);  // the same again: the last token is computed anew
    check(Tokens(talk.begin(), talk.begin() + 20), 19);       // back to an earlier turn
    Tokens other(talk.begin(), talk.begin() + 12);
    other.push_back((talk[12] + 1) % static_cast<std::int32_t>(kVocabulary));
    check(other, 12);  // another turn
    options.do_sample = true;
    check(joined(other, random_tokens(20, 3)), 13);
    options.do_sample = false;
    check(random_tokens(90, 4), 0);  // up to the context
  }
}

TEST_CASE("a continuation that was stopped or failed leaves a cache that can be used") {
  Threads threads(1);
  const auto decoder = tiny_model("llama");
  PromptCache cache(decoder->config());
  GenerateOptions options;
  options.eos_token_id = Tokens();
  const Tokens prompt = random_tokens(10, 1);
  GenerateCallbacks stopping;
  stopping.stop_requested = [steps = 0]() mutable { return steps++ == 3; };
  const Generation stopped = generate(*decoder, prompt, options, threads, stopping, cache);
  CHECK(stopped.reason == StopReason::requested);
  CHECK(stopped.tokens.size() == 3);
  CHECK(cache.length() == 12);
  stopping.stop_requested = [] { return true; };
  CHECK(generate(*decoder, prompt, options, threads, stopping, cache).tokens.empty());
  CHECK(cache.length() == 9);

  GenerateCallbacks failing;
  failing.token = [](std::size_t, std::int32_t) { throw 1; };
  CHECK_THROWS(generate(*decoder, prompt, options, threads, failing, cache));
  CHECK(generate(*decoder, prompt, options, threads, {}, cache).tokens ==
        generate(*decoder, std::span(&prompt, 1), options, threads).front().tokens);
  CHECK(cache.reused() == 0);
  options.num_beams = 2;
  CHECK_ERROR(generate(*decoder, prompt, options, threads, {}, cache), "invalid_option", "without beams");
}
