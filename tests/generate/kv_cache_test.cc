// Hidden states with a cache are those of the whole sequence at once.
#include "gpt/model/kv_cache.h"

#include <cmath>

#include "generate/tiny_models.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

using Tokens = std::vector<std::int32_t>;

std::vector<float> values(const Variable& states, std::int64_t first, std::int64_t rows) {
  return {states.value().row(first), states.value().row(first + rows)};
}

/// Hidden states of a whole sequence.
std::vector<float> whole(const Decoder& decoder, const Tokens& tokens) {
  Arena arena;
  Tape tape(arena, false);
  Batch batch;
  batch.add({tokens, {}});
  const Hidden hidden = decoder.forward(tape, batch);
  return values(hidden.states, 0, hidden.states.rows());
}

/// Continues the cached sequences, each with its tokens; the states of sequence s are in element s.
std::vector<std::vector<float>> step(const Decoder& decoder, KvCache& cache, const std::vector<Tokens>& more) {
  Arena arena;
  Tape tape(arena, false);
  Batch batch;
  for (std::int32_t s = 0; s < cache.sequences(); ++s) {
    batch.add({more.at(static_cast<std::size_t>(s)), {}});
    batch.past.push_back(cache.length(s));
  }
  const Hidden hidden = decoder.forward(tape, batch, StateRows::every, &cache);
  std::vector<std::vector<float>> out;
  for (std::int32_t s = 0; s < batch.sequences(); ++s)
    out.push_back(values(hidden.states, batch.offsets[static_cast<std::size_t>(s)], batch.length(s)));
  return out;
}

/// `part` are the last rows of `all`.
void check_tail(const std::vector<float>& all, const std::vector<float>& part) {
  REQUIRE(part.size() <= all.size());
  double largest = 0;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const double difference = std::abs(static_cast<double>(part[i] - all[all.size() - part.size() + i]));
    largest = std::isnan(difference) ? difference : std::max(largest, difference);
  }
  CHECK(largest <= 1e-4);
}

Tokens first(const Tokens& tokens, std::size_t count) {
  return {tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

TEST_CASE("cached states are those of whole sequences") {
  Threads threads(2);
  for (const char* family : kFamilies) {
    INFO(family);
    const auto decoder = tiny_model(family);
    // Prompts of one token to three blocks, in pieces that end before, on and after the ends of blocks.
    const std::vector<std::vector<std::size_t>> pieces{{1, 1, 1, 33}, {31, 1, 1, 2}, {32, 1, 5, 1}, {70, 1, 1, 22}};
    std::vector<Tokens> sequences(4);
    KvCache cache(decoder->config(), 4, kContext);
    threads.run([&] {
      for (std::size_t turn = 0; turn < 4; ++turn) {
        std::vector<Tokens> more;
        for (std::size_t s = 0; s < 4; ++s) {
          more.push_back(random_tokens(pieces[s][turn], 10 * s + turn));
          sequences[s].insert(sequences[s].end(), more[s].begin(), more[s].end());
        }
        const auto states = step(*decoder, cache, more);
        for (std::size_t s = 0; s < 4; ++s) {
          INFO("sequence " << s << ", turn " << turn);
          CHECK(cache.length(static_cast<std::int32_t>(s)) == static_cast<std::int32_t>(sequences[s].size()));
          check_tail(whole(*decoder, sequences[s]), states[s]);
        }
      }
    });
  }
}

TEST_CASE("a past shifts the positions") {
  const auto decoder = tiny_model("gpt2");
  KvCache cache(decoder->config(), 1, 8);
  const Tokens tokens{5, 5};
  const auto once = step(*decoder, cache, {{5}}).front(), again = step(*decoder, cache, {{5}}).front();
  CHECK(once != again);
  check_tail(whole(*decoder, tokens), again);
}

TEST_CASE("copies of a sequence go their own ways") {
  const auto decoder = tiny_model("llama");
  KvCache cache(decoder->config(), 3, kContext);
  cache.reorder(std::vector<std::int32_t>{-1});
  const Tokens prompt = random_tokens(40, 1);
  step(*decoder, cache, {prompt});
  const std::size_t alone = cache.bytes();
  cache.reorder(std::vector<std::int32_t>{0, 0, 0});
  CHECK(cache.bytes() == alone);
  std::vector<Tokens> beams{prompt, prompt, prompt};
  const auto go = [&](const Tokens& next) {
    for (std::size_t s = 0; s < beams.size(); ++s) beams[s].push_back(next[s]);
    std::vector<Tokens> more;
    for (const std::int32_t token : next) more.push_back({token});
    const auto states = step(*decoder, cache, more);
    for (std::size_t s = 0; s < beams.size(); ++s) check_tail(whole(*decoder, beams[s]), states[s]);
  };
  go({3, 4, 5});
  cache.reorder(std::vector<std::int32_t>{2, 0, 2});
  beams = {beams[2], beams[0], beams[2]};
  go({6, 6, 7});
  const std::size_t before = cache.bytes();
  // Two leave, one stays, one new comes: its blocks are those that were given back.
  cache.reorder(std::vector<std::int32_t>{-1, 1});
  CHECK(cache.length(0) == 0);
  CHECK(cache.length(1) == 42);
  beams = {first(prompt, 0), beams[1]};
  go({8, 9});
  CHECK(cache.bytes() == before);
}

TEST_CASE("a cache refuses what does not belong to it") {
  const auto decoder = tiny_model("gpt2");
  const ModelConfig& config = decoder->config();
  CHECK_ERROR(KvCache(config, 0, 10), "invalid_option", "1 sequence or more, not 0");
  CHECK_ERROR(KvCache(config, 1, kContext + 1), "invalid_option", "1 to 96 tokens (the model's context), not 97");
  KvCache cache(config, 2, 8);
  CHECK_ERROR(cache.reorder(std::vector<std::int32_t>{0, 2}), "mismatch", "no sequence 2 in a cache of 2");
  CHECK_ERROR(cache.reorder(std::vector<std::int32_t>{0, -2}), "mismatch", "no sequence -2");
  CHECK_ERROR(cache.reorder(std::vector<std::int32_t>{0, 0, 0}), "mismatch", "made for 2 sequences, not 3");
  CHECK_ERROR(step(*decoder, cache, {random_tokens(9, 1), {1}}), "mismatch", "0 + 9 tokens of sequence 0 do not fit");
  CHECK(cache.length(0) == 0);
  Arena arena;
  Batch batch;
  batch.add({{1}, {}});
  {
    Tape tape(arena, false);
    CHECK_ERROR(decoder->forward(tape, batch, StateRows::every, &cache), "mismatch",
                "a batch of 1 sequences does not continue the 2");
    batch.add({{1}, {}});
    batch.past = {0, 1};
    CHECK_ERROR(decoder->forward(tape, batch, StateRows::every, &cache), "mismatch",
                "has a past of 1 tokens, the cache holds 0");
  }
  {
    Tape tape(arena, false);
    batch.past = {0};
    CHECK_ERROR(decoder->forward(tape, batch, StateRows::every, &cache), "mismatch",
                "a batch of 2 sequences has 1 numbers of past");
    batch.past = {0, -1};
    CHECK_ERROR(decoder->forward(tape, batch, StateRows::every, &cache), "mismatch", "cannot have a past of -1 tokens");
  }
  batch.past.clear();
  {
    Tape tape(arena, true);
    CHECK_ERROR(decoder->forward(tape, batch, StateRows::every, &cache), "mismatch", "does not record");
  }
  Tape tape(arena, false);
  CHECK_ERROR(tiny_model("llama")->forward(tape, batch, StateRows::every, &cache), "mismatch", "other layers or heads");
}
