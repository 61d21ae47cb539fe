// Rows of the sequences of an example, added up.
#include "gpt/ops/sum.h"

#include "gpt/ops/loss.h"
#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

Example example(std::vector<std::int32_t> tokens, std::vector<std::int32_t> starts) {
  Example made;
  made.tokens = std::move(tokens);
  made.starts = std::move(starts);
  return made;
}

}  // namespace

TEST_CASE("sum_sequences: the sequences of each example, values and gradients") {
  Batch batch;
  batch.add(example({1, 2}, {}));
  batch.add(example({1, 2, 3, 4}, {1, 3}));
  batch.add(example({5, 6}, {1}));
  REQUIRE(batch.sequences() == 6);
  REQUIRE(batch.examples() == 3);
  CHECK(batch.length(2) == 2);
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(6, 3), 1)};
  check.operation = [&](Tape&, const std::vector<Variable>& in) {
    return std::vector<Variable>{sum_sequences(in[0], batch)};
  };
  const Tensor y = outputs_of(check.operation, check.inputs, true).front();
  CHECK(y.shape() == Shape::matrix(3, 3));
  const Tensor& x = check.inputs[0];
  for (std::int64_t j = 0; j < 3; ++j) {
    CHECK(y.row(0)[j] == x.row(0)[j]);
    CHECK(y.row(1)[j] == x.row(1)[j] + x.row(2)[j] + x.row(3)[j]);
    CHECK(y.row(2)[j] == x.row(4)[j] + x.row(5)[j]);
  }
  check.run();
}

TEST_CASE("spread_sequences: the scores of an example side by side, values and gradients") {
  Batch batch;
  batch.add(example({1, 2}, {}));
  batch.add(example({1, 2, 3, 4}, {1, 3}));
  batch.add(example({5, 6}, {1}));
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(6, 1), 1)};
  check.operation = [&](Tape&, const std::vector<Variable>& in) {
    return std::vector<Variable>{spread_sequences(in[0], batch, 3)};
  };
  const Tensor y = outputs_of(check.operation, check.inputs, true).front();
  const float* const x = check.inputs[0].data();
  REQUIRE(y.shape() == Shape::matrix(3, 3));
  const std::vector<float> expected{x[0], -1e30F, -1e30F, x[1], x[2], x[3], x[4], x[5], -1e30F};
  CHECK(std::equal(expected.begin(), expected.end(), y.values().begin()));

  // What fills up has no gradient; a softmax does not see it.
  GradientCheck loss;
  loss.inputs = check.inputs;
  loss.is_loss = true;
  loss.operation = [&](Tape&, const std::vector<Variable>& in) {
    return std::vector<Variable>{cross_entropy(spread_sequences(in[0], batch, 3), {{0, 2, 1}}, 0.5F)};
  };
  loss.run();
}

TEST_CASE("spread_sequences: shapes that do not fit") {
  Arena arena(1 << 20);
  Tape tape(arena, true);
  Batch batch;
  batch.add(example({1, 2, 3, 4}, {1, 3}));
  const Variable two = tape.variable(Tensor::zeros(Shape::matrix(2, 1)), true),
                 wide = tape.variable(Tensor::zeros(Shape::matrix(3, 2)), true),
                 right = tape.variable(Tensor::zeros(Shape::matrix(3, 1)), true);
  CHECK_ERROR(spread_sequences(two, batch, 3), "mismatch", "[2, 1] scores for a batch of 3 sequences");
  CHECK_ERROR(spread_sequences(wide, batch, 3), "mismatch", "[3, 2] scores for a batch of 3 sequences");
  CHECK_ERROR(spread_sequences(right, batch, 2), "mismatch",
              "example 0 of a batch has 3 sequences, 2 at most are compared");
}

TEST_CASE("sums: shapes that do not fit, and sequences that start nowhere") {
  Arena arena(1 << 20);
  Tape tape(arena, true);
  const Variable a = tape.variable(Tensor::zeros(Shape::matrix(2, 2)), true),
                 b = tape.variable(Tensor::zeros(Shape::matrix(2, 3)), true);
  Batch batch;
  batch.add(example({1, 2, 3}, {}));
  CHECK_ERROR(sum_sequences(a, batch), "mismatch", "2 rows for a batch of 1 sequences");
  CHECK_ERROR(batch.add(example({1, 2}, {2})), "mismatch", "a sequence cannot start at token 2 of 2");
  CHECK_ERROR(batch.add(example({1, 2}, {0})), "mismatch", "a sequence cannot start at token 0 of 2");
}
