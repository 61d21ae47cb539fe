// The decoder itself: made by seed, the same for all who ask, alone or in company.
#include "gpt/model/decoder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include "gpt/ops/loss.h"
#include "gpt/ops/pool.h"
#include "support/errors.h"
#include "support/tiny_decoder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

std::vector<float> states(const Decoder& decoder, std::span<const Example> examples) {
  Batch batch;
  for (const Example& e : examples) batch.add(e);
  Arena arena(std::size_t{1} << 30);
  Tape tape(arena, false);
  const Hidden hidden = decoder.forward(tape, batch);
  return {hidden.states.value().values().begin(), hidden.states.value().values().end()};
}

}  // namespace

TEST_CASE("decoder: a seed makes the weights") {
  for (const ModelConfig& config : tiny_configs()) {
    const auto hash = [&](std::uint64_t seed) {
      const Model m{Decoder::create(config, seed), std::make_unique<TinyHead>(48)};
      return m.hash();
    };
    CHECK(hash(1) == hash(1));
    CHECK(hash(1) != hash(2));
    const auto decoder = Decoder::create(config, 1);
    for (const Parameter* p : decoder->parameters()) {
      INFO(p->name);
      const auto v = p->value.values();
      if (p->value.shape().rank == 1) {
        const bool bias = p->name.find("bias") != std::string::npos;
        CHECK(std::all_of(v.begin(), v.end(), [bias](float x) { return x == (bias ? 0.0F : 1.0F); }));
        continue;
      }
      double squares = 0;
      for (const float x : v) squares += static_cast<double>(x) * static_cast<double>(x);
      CHECK(std::sqrt(squares / static_cast<double>(v.size())) == Approx(0.02).epsilon(0.1));
    }
  }
}

TEST_CASE("decoder: a token's state depends on what came before it in its sequence, not on company") {
  const std::vector<Example> examples = tiny_examples(6);
  for (const ModelConfig& config : tiny_configs()) {
    const auto decoder = Decoder::create(config, 1);
    const std::vector<float> all = states(*decoder, examples);
    std::size_t at = 0;
    for (const Example& e : examples) {
      const std::vector<float> one = states(*decoder, {&e, 1});
      CHECK(std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(at),
                       [](float a, float b) { return std::abs(a - b) <= 1e-5F; }));
      Example half = e;
      half.tokens.resize((e.tokens.size() + 1) / 2);
      const std::vector<float> prefix = states(*decoder, {&half, 1});
      CHECK(std::equal(prefix.begin(), prefix.end(), one.begin(),
                       [](float a, float b) { return std::abs(a - b) <= 1e-5F; }));
      at += one.size();
    }
  }
}

TEST_CASE("decoder: eight threads ask one decoder at once and hear the same") {
  const std::vector<Example> examples = tiny_examples(12);
  const auto decoder = Decoder::create(tiny_llama(), 1);
  const std::vector<float> expected = states(*decoder, examples);
  Threads shared(2);
  std::vector<int> good(8);
  std::vector<std::thread> callers;
  for (std::size_t t = 0; t < 8; ++t)
    callers.emplace_back([&, t] {
      for (int round = 0; round < 10; ++round) {
        std::vector<float> found;
        if (t % 2 == 0) {
          found = states(*decoder, examples);
        } else {
          shared.run([&] { found = states(*decoder, examples); });
        }
        good[t] += found == expected ? 1 : 0;
      }
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(good == std::vector<int>(8, 10));
}

TEST_CASE("decoder: dropout in training alone, from seed and step") {
  const std::vector<Example> examples = tiny_examples(3);
  const auto decoder = Decoder::create(tiny_gpt2(), 1);
  decoder->set_trainable(true);
  const auto trained = [&](std::uint64_t seed, std::uint64_t step) {
    Batch batch;
    for (const Example& e : examples) batch.add(e);
    Arena arena(std::size_t{1} << 30);
    Tape tape(arena, true, seed, step);
    const Hidden hidden = decoder->forward(tape, batch);
    return std::vector<float>(hidden.states.value().values().begin(), hidden.states.value().values().end());
  };
  CHECK(trained(1, 1) == trained(1, 1));
  CHECK(trained(1, 1) != trained(1, 2));
  CHECK(trained(1, 1) != trained(2, 1));
  CHECK(trained(1, 1) != states(*decoder, examples));
}

TEST_CASE("decoder: gradients with checkpointing are those without, to the last bit") {
  const std::vector<Example> examples = tiny_examples(12);
  for (const ModelConfig& config : tiny_configs())
    for (const bool adapters : {false, true}) {
      INFO(config.family << (adapters ? ", adapters" : ""));
      const auto step = [&](bool checkpointing, std::size_t& most) {
        const auto decoder = Decoder::create(config, 1);
        decoder->set_trainable(true);
        if (adapters) decoder->add_lora({4, 8, 0.1, {}}, 3);
        decoder->set_gradient_checkpointing(checkpointing);
        LanguageModelHead head(decoder->output_projection());
        std::vector<std::uint32_t> all(examples.size());
        std::iota(all.begin(), all.end(), 0U);
        const Batch batch = pack(examples, all);
        Arena arena(std::size_t{1} << 28);
        std::vector<float> gradients;
        Threads threads(2);
        threads.run([&] {
          Tape tape(arena, true, 7, 3);
          const Variable loss = head.loss(head.forward(decoder->forward(tape, batch), batch), batch, 0.01F);
          tape.backward(loss);
          gradients.push_back(loss.value().data()[0]);
        });
        for (const Parameter* p : decoder->parameters())
          if (p->trainable && !p->grad_fresh)
            gradients.insert(gradients.end(), p->grad.values().begin(), p->grad.values().end());
        decoder->set_trainable(false);
        CHECK(arena.in_use() == 0);
        most = arena.high_water();
        return gradients;
      };
      std::size_t whole = 0, checkpointed = 0;
      const std::vector<float> expected = step(false, whole);
      CHECK(expected.size() > 1000);
      CHECK(step(true, checkpointed) == expected);
      CHECK(checkpointed < whole);
    }
}

TEST_CASE("decoder: asked for the last rows it gives them as among all, with the same gradients") {
  const std::vector<Example> examples = tiny_examples(12);
  std::vector<std::uint32_t> all(examples.size());
  std::iota(all.begin(), all.end(), 0U);
  const Batch batch = pack(examples, all);
  for (const ModelConfig& config : tiny_configs())
    for (const bool checkpointing : {false, true}) {
      INFO(config.family << (checkpointing ? ", checkpointing" : ""));
      const auto step = [&](StateRows rows) {
        ModelConfig still = config;
        still.embedding_dropout = still.residual_dropout = still.attention_dropout = 0;
        const auto decoder = Decoder::create(still, 1);
        decoder->set_trainable(true);
        decoder->set_gradient_checkpointing(checkpointing);
        Arena arena(std::size_t{1} << 28);
        Tape tape(arena, true);
        const Variable last = pool_last(decoder->forward(tape, batch, rows).states, batch);
        CHECK(last.rows() == batch.sequences());
        std::vector<float> found(last.value().values().begin(), last.value().values().end());
        tape.backward(cross_entropy(last, std::vector<std::int32_t>(examples.size(), 1), 0.1F));
        for (const Parameter* p : decoder->parameters())
          if (!p->grad_fresh) found.insert(found.end(), p->grad.values().begin(), p->grad.values().end());
        decoder->set_trainable(false);
        return found;
      };
      const std::vector<float> expected = step(StateRows::every), found = step(StateRows::last);
      REQUIRE(found.size() == expected.size());
      CHECK(expected.size() > 1000);
      double worst = 0;
      for (std::size_t i = 0; i < found.size(); ++i)
        worst = std::max(worst, static_cast<double>(std::abs(found[i] - expected[i])));
      CHECK(worst < 1e-5);
    }
}

TEST_CASE("decoder: what no model can read") {
  const auto gpt2 = Decoder::create(tiny_gpt2(), 1), llama = Decoder::create(tiny_llama(), 1);
  Example longer, foreign;
  longer.tokens.assign(41, 1);
  foreign.tokens = {1, 500};
  for (const Decoder* decoder : {gpt2.get(), llama.get()}) {
    CHECK_ERROR(states(*decoder, {&longer, 1}), "mismatch",
                "a sequence of 41 tokens is longer than the model's context of 40");
    CHECK_ERROR(states(*decoder, {&foreign, 1}), "mismatch", "token id 500 is outside the model's vocabulary of 120");
  }
}
