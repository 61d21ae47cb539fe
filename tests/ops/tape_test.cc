// The tape itself: who needs gradients, what is shared, what is freed.
#include "gpt/ops/gate.h"
#include "gpt/ops/linear.h"
#include "gpt/ops/norm.h"
#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

TEST_CASE("tape: a variable used three times gets all three gradients") {
  Parameter first = make_parameter("first", Shape::matrix(6, 6), 1, 0.4F),
            second = make_parameter("second", Shape::matrix(6, 6), 2, 0.4F),
            weight = make_parameter("norm", Shape::vector(6), 3);
  const NormWeights norm{&weight, nullptr, true, 1e-5F};
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(8, 6), 4)};
  check.parameters = {&first, &second, &weight};
  check.operation = [&](Tape&, const std::vector<Variable>& in) {
    const Normed one = add_norm(in[0], linear(in[0], first), norm);
    return std::vector<Variable>{add_norm(one.sum, linear(in[0], second), norm).normed, one.normed};
  };
  check.run();
}

TEST_CASE("tape: one weight in two places adds up") {
  Parameter weight = make_parameter("weight", Shape::matrix(5, 5), 1, 0.4F);
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(4, 5), 2)};
  check.parameters = {&weight};
  check.operation = [&](Tape&, const std::vector<Variable>& in) {
    return std::vector<Variable>{linear(linear(in[0], weight), weight)};
  };
  check.run();
}

TEST_CASE("tape: what leads to no loss is left alone") {
  Parameter used = make_parameter("used", Shape::matrix(3, 3), 1),
            unused = make_parameter("unused", Shape::matrix(3, 3), 2);
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(4, 3), 3)};
  check.parameters = {&used};
  check.operation = [&](Tape&, const std::vector<Variable>& in) {
    linear(in[0], unused);
    return std::vector<Variable>{linear(in[0], used)};
  };
  check.run();
  CHECK(unused.grad_fresh);
}

TEST_CASE("tape: backward starts from one number") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  const Variable x = tape.variable(Tensor::zeros(Shape::matrix(2, 3)), true);
  CHECK_ERROR(tape.backward(x), "mismatch", "backward starts from one number, not from 2 x 3");
}

TEST_CASE("tape: without recording nothing needs a gradient, and nothing is left") {
  Arena arena(1 << 24);
  Parameter weight = make_parameter("weight", Shape::matrix(3, 3), 1);
  {
    Tape tape(arena, false);
    const Variable x = tape.variable(Tensor::zeros(Shape::matrix(2, 3)), true);
    CHECK_FALSE(x.needs_grad());
    CHECK_FALSE(linear(x, weight).needs_grad());
  }
  CHECK(arena.in_use() == 0);
  {
    Tape tape(arena, true);  // a step that an exception ends before backward
    const Variable y = linear(linear(tape.variable(Tensor::zeros(Shape::matrix(2, 3)), true), weight), weight);
    CHECK(arena.in_use() > 0);
  }
  CHECK(arena.in_use() == 0);
}

TEST_CASE("tape: what the way back does not need is not kept, and what is cheap is made again") {
  Parameter first = make_parameter("first", Shape::matrix(64, 32), 1),
            second = make_parameter("second", Shape::matrix(32, 32), 2),
            weight = make_parameter("norm", Shape::vector(32), 3);
  for (Parameter* p : {&first, &second, &weight}) p->set_trainable(true);
  const NormWeights norm_weights{&weight, nullptr, true, 1e-5F};
  constexpr std::int64_t rows = 512;
  const std::size_t column = rows * sizeof(float);
  Arena arena(1 << 26);
  Tape tape(arena, true);
  Variable x = tape.variable(tape.empty(rows, 32), true);
  x.value().fill(0.5F);
  x = norm(x, norm_weights);                              // keeps its input, 32 columns, and 2 of moments
  x = silu_gate(linear(x, first));                        // keeps what the gate saw, 64
  x = linear(x, second);                                  // nothing: its input can be made again
  const std::size_t held = arena.in_use() - 32 * column;  // but for x itself
  CHECK(held >= (32 + 2 + 64) * column);
  CHECK(held < (32 + 2 + 64 + 2) * column);
}

TEST_CASE("parameter: training copies what belongs to a file") {
  const auto file = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3, 4});
  Parameter p;
  p.value = Tensor::view(file->data(), Shape::matrix(2, 2), file);
  p.set_trainable(false);
  CHECK(p.value.data() == file->data());
  p.set_trainable(true);
  CHECK(p.value.data() != file->data());
  CHECK(p.value.data()[3] == 4.0F);
}

TEST_CASE("parameter: a gradient has memory from its first contribution on, and outlives the arena") {
  Parameter p = make_parameter("p", Shape::matrix(2, 2), 1);
  CHECK_FALSE(p.grad);
  {
    Arena arena(1 << 20);
    const GradTarget first = grad_target(p, arena);
    CHECK(first.beta == 0.0F);
    std::fill_n(first.data, 4, 3.0F);
    const GradTarget second = grad_target(p, arena);
    CHECK(second.beta == 1.0F);
    CHECK(second.data == first.data);
    const std::vector<float> more{1, 2, 3, 4};
    add_grad(p, arena, more.data());
    CHECK(p.grad.data()[3] == 7.0F);
    p.zero_grad();
    CHECK(arena.in_use() == 0);
    add_grad(p, arena, more.data());
    CHECK(p.grad.data()[3] == 4.0F);
  }
  CHECK(p.grad.data()[2] == 3.0F);
  p.set_trainable(false);
  CHECK_FALSE(p.grad);
}
