// Each rule on scores small enough to follow by hand.
#include "generate/logits_processors.h"

#include <cmath>

#include "support/catch.h"

using namespace gpt;

namespace {

std::vector<float> applied(const GenerateOptions& options, const std::vector<std::int32_t>& tokens, std::size_t prompt,
                           std::vector<float> scores) {
  const std::vector<std::int32_t> end_tokens{1, 3};
  LogitsProcessors(options, end_tokens).apply({tokens, prompt}, scores);
  return scores;
}

constexpr float kNever = -INFINITY;

}  // namespace

TEST_CASE("without options the scores stay") {
  CHECK(applied({}, {0, 1, 2}, 2, {1, 2, -3, 4}) == std::vector<float>{1, 2, -3, 4});
}

TEST_CASE("repetition_penalty: once a token, the prompt's too") {
  GenerateOptions options;
  options.repetition_penalty = 2;
  CHECK(applied(options, {0, 2, 2, 0, 2}, 2, {8, 2, -3, 4}) == std::vector<float>{4, 2, -6, 4});
}

TEST_CASE("no_repeat_ngram_size") {
  GenerateOptions options;
  options.no_repeat_ngram_size = 1;
  CHECK(applied(options, {0, 2}, 2, {1, 1, 1, 1}) == std::vector<float>{kNever, 1, kNever, 1});
  options.no_repeat_ngram_size = 2;
  CHECK(applied(options, {0, 1, 0, 2, 0}, 5, {1, 1, 1, 1}) == std::vector<float>{1, kNever, kNever, 1});
  CHECK(applied(options, {2}, 1, {1, 1, 1, 1}) == std::vector<float>{1, 1, 1, 1});
  CHECK(applied(options, {2, 2}, 1, {1, 1, 1, 1}) == std::vector<float>{1, 1, kNever, 1});
  options.no_repeat_ngram_size = 3;
  CHECK(applied(options, {0, 1, 3, 0, 1}, 5, {1, 1, 1, 1}) == std::vector<float>{1, 1, 1, kNever});
  CHECK(applied(options, {0, 1}, 2, {1, 1, 1, 1}) == std::vector<float>{1, 1, 1, 1});
}

TEST_CASE("min_new_tokens") {
  GenerateOptions options;
  options.min_new_tokens = 2;
  CHECK(applied(options, {0, 0, 0, 2}, 3, {1, 1, 1, 1}) == std::vector<float>{1, kNever, 1, kNever});
  CHECK(applied(options, {0, 0, 0, 2, 2}, 3, {1, 1, 1, 1}) == std::vector<float>{1, 1, 1, 1});
}
