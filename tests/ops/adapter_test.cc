// Low-rank adapters on linear maps.
#include "gpt/ops/linear.h"
#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

struct Adapted {
  Adapted(std::int64_t inputs, std::int64_t outputs, std::int64_t rank, bool transposed, float dropout,
          bool train_weight)
      : weight(make_parameter("weight", transposed ? Shape::matrix(inputs, outputs) : Shape::matrix(outputs, inputs), 1,
                              0.3F)),
        bias(make_parameter("bias", Shape::vector(outputs), 2)),
        a(make_parameter("a", Shape::matrix(rank, inputs), 3, 0.3F)),
        b(make_parameter("b", Shape::matrix(outputs, rank), 4, 0.3F)),
        adapter{&a, &b, 1.5F, dropout},
        part{&weight, transposed, &bias, &adapter} {
    weight.set_trainable(train_weight);
    bias.set_trainable(train_weight);
  }
  Adapted(const Adapted&) = delete;
  Adapted& operator=(const Adapted&) = delete;

  Parameter weight, bias, a, b;
  LowRank adapter;
  LinearPart part;
};

GradientCheck check_of(Adapted& m, std::int64_t tokens, Activation activation) {
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(tokens, m.part.inputs()), 5)};
  check.parameters = {&m.weight, &m.bias, &m.a, &m.b};
  check.operation = [&m, activation](Tape&, const std::vector<Variable>& in) {
    return std::vector<Variable>{linear(in[0], {&m.part, 1}, activation)};
  };
  return check;
}

}  // namespace

TEST_CASE("adapter: gradients, with and without dropout, base frozen or not") {
  for (const bool transposed : {false, true})
    for (const float dropout : {0.0F, 0.4F})
      for (const bool train_weight : {false, true}) {
        INFO("transposed " << transposed << ", dropout " << dropout << ", base trains " << train_weight);
        Adapted m(7, 11, 3, transposed, dropout, train_weight);
        check_of(m, 6, Activation::none).run();
        check_of(m, 6, Activation::gelu_tanh).run();
      }
}

TEST_CASE("adapter: more tokens and outputs than one block takes") {
  for (const float dropout : {0.0F, 0.4F}) {
    Adapted m(100, 200, 8, false, dropout, false);
    GradientCheck check = check_of(m, 130, Activation::none);
    check.elements = 12;
    check.run();
  }
}

TEST_CASE("adapter: adds scale x a' b', dropout in training alone") {
  Adapted m(5, 4, 2, false, 0.5F, false);
  const GradientCheck check = check_of(m, 3, Activation::none);
  const Tensor& x = check.inputs[0];
  std::vector<double> expected;
  for (std::int64_t t = 0; t < 3; ++t)
    for (std::int64_t o = 0; o < 4; ++o) {
      double sum = static_cast<double>(m.bias.value.data()[o]);
      for (std::int64_t i = 0; i < 5; ++i) {
        double weight = static_cast<double>(m.weight.value.row(o)[i]);
        for (std::int64_t r = 0; r < 2; ++r)
          weight += 1.5 * static_cast<double>(m.b.value.row(o)[r]) * static_cast<double>(m.a.value.row(r)[i]);
        sum += weight * static_cast<double>(x.row(t)[i]);
      }
      expected.push_back(sum);
    }
  CHECK(difference(outputs_of(check.operation, check.inputs, false).front(), expected) <= 2e-6);
  CHECK(difference(outputs_of(check.operation, check.inputs, true).front(), expected) > 1e-2);
  m.adapter.dropout = 0;
  CHECK(difference(outputs_of(check.operation, check.inputs, true).front(), expected) <= 2e-6);
}

TEST_CASE("adapter: each of several parts its own") {
  Adapted one(6, 8, 2, false, 0.0F, false), two(6, 4, 3, false, 0.3F, true);
  Parameter plain = make_parameter("plain", Shape::matrix(5, 6), 9);
  const LinearPart parts[] = {one.part, {&plain, false, nullptr, nullptr}, two.part};
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(7, 6), 5)};
  check.parameters = {&one.a, &one.b, &plain, &two.weight, &two.bias, &two.a, &two.b};
  check.operation = [&](Tape&, const std::vector<Variable>& in) { return std::vector<Variable>{linear(in[0], parts)}; };
  check.run();
}

TEST_CASE("adapter: one that does not fit is refused by name") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  const Variable x = tape.variable(Tensor::zeros(Shape::matrix(5, 7)), true);
  Adapted m(7, 11, 3, false, 0, false);
  m.a = make_parameter("odd.lora_A", Shape::matrix(3, 8), 1);
  CHECK_ERROR(linear(x, {&m.part, 1}), "mismatch", "odd.lora_A is [3, 8], beside weight it must be [3, 7]");
  m.a = make_parameter("a", Shape::matrix(4, 7), 1);
  CHECK_ERROR(linear(x, {&m.part, 1}), "mismatch", "b is [11, 3], beside weight it must be [11, 4]");
}
