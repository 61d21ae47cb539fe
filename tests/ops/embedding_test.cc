// Token and position embeddings.
#include "gpt/ops/embedding.h"

#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

constexpr int kLengths[] = {1, 7, 4, 20};

}  // namespace

TEST_CASE("embedding: the rows of tokens and positions") {
  const Batch batch = make_batch(kLengths);
  Parameter tokens = make_parameter("wte", Shape::matrix(10, 6), 1),
            positions = make_parameter("wpe", Shape::matrix(20, 6), 2);
  for (const bool with_positions : {false, true}) {
    const auto operation = [&](Tape& tape, const std::vector<Variable>&) {
      return std::vector<Variable>{embedding(tape, batch, tokens, with_positions ? &positions : nullptr, 0.5F)};
    };
    const Tensor y = outputs_of(operation, {}, false).front();
    std::vector<double> expected;
    for (std::int32_t s = 0; s < batch.sequences(); ++s)
      for (std::int32_t p = 0; p < batch.length(s); ++p) {
        const std::int32_t id = batch.tokens[static_cast<std::size_t>(batch.offsets[static_cast<std::size_t>(s)] + p)];
        for (std::int64_t i = 0; i < 6; ++i)
          expected.push_back(static_cast<double>(tokens.value.row(id)[i]) +
                             (with_positions ? static_cast<double>(positions.value.row(p)[i]) : 0.0));
      }
    CHECK(difference(y, expected) <= 2e-7);
    const Tensor dropped = outputs_of(operation, {}, true).front();
    std::size_t zero = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const bool is_zero = dropped.values()[i] == 0.0F;
      zero += is_zero ? 1 : 0;
      if (!is_zero) CHECK(dropped.values()[i] == Approx(2 * expected[i]).epsilon(1e-5));
    }
    CHECK(zero == Approx(96).margin(30));
  }
}

TEST_CASE("embedding: gradients of repeated ids add up, with and without dropout") {
  const Batch batch = make_batch(kLengths, 5);  // ids 5 to 9 never come up
  for (const float dropout : {0.0F, 0.3F})
    for (const bool train_tokens : {true, false}) {
      INFO("dropout " << dropout << ", tokens train " << train_tokens);
      Parameter tokens = make_parameter("wte", Shape::matrix(10, 6), 1),
                positions = make_parameter("wpe", Shape::matrix(25, 6), 2);
      tokens.set_trainable(train_tokens);
      GradientCheck check;
      check.parameters = {&tokens, &positions};
      check.operation = [&](Tape& tape, const std::vector<Variable>&) {
        return std::vector<Variable>{embedding(tape, batch, tokens, &positions, dropout)};
      };
      check.elements = 150;
      check.run();
      for (std::int64_t i = 0; i < 6; ++i) {
        if (train_tokens) CHECK(tokens.grad.row(7)[i] == 0.0F);
        CHECK(positions.grad.row(22)[i] == 0.0F);
      }
    }
}

TEST_CASE("embedding: frozen tables record nothing") {
  const Batch batch = make_batch(kLengths);
  Parameter tokens = make_parameter("wte", Shape::matrix(10, 6), 1);
  tokens.set_trainable(false);
  Arena arena(1 << 24);
  Tape tape(arena, true);
  CHECK_FALSE(embedding(tape, batch, tokens).needs_grad());
}

TEST_CASE("embedding: ids and positions outside the tables") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  Parameter tokens = make_parameter("wte", Shape::matrix(10, 6), 1),
            positions = make_parameter("wpe", Shape::matrix(5, 6), 2);
  Batch batch;
  for (const std::int32_t id : {10, -1, 1 << 30}) {
    batch.clear();
    batch.add({{1, 2, id}, {}});
    CHECK_ERROR(embedding(tape, batch, tokens), "mismatch",
                "token id " + std::to_string(id) + " is outside the model's vocabulary of 10");
  }
  batch.clear();
  batch.add({{1, 2, 3, 4, 5}, {}});
  CHECK(embedding(tape, batch, tokens, &positions).rows() == 5);
  batch.add({{1, 2, 3, 4, 5, 6}, {}});
  CHECK_ERROR(embedding(tape, batch, tokens, &positions), "mismatch",
              "a sequence of 6 tokens is longer than the model's context of 5");
  positions = make_parameter("narrow.wpe", Shape::matrix(50, 4), 2);
  CHECK_ERROR(embedding(tape, batch, tokens, &positions), "mismatch", "narrow.wpe has 4 columns, wte has 6");
}
