// Linear maps: parts, layouts, bias, activation.
#include "gpt/ops/linear.h"

#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

double gelu(double x) { return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); }

/// x w' + bias in double, [tokens, outputs].
std::vector<double> plain(const Tensor& x, const LinearPart& part) {
  std::vector<double> y;
  for (std::int64_t t = 0; t < x.rows(); ++t)
    for (std::int64_t o = 0; o < part.outputs(); ++o) {
      double sum = part.bias != nullptr ? static_cast<double>(part.bias->value.data()[o]) : 0.0;
      for (std::int64_t i = 0; i < x.columns(); ++i)
        sum += static_cast<double>(x.row(t)[i]) *
               static_cast<double>(part.transposed ? part.weight->value.row(i)[o] : part.weight->value.row(o)[i]);
      y.push_back(sum);
    }
  return y;
}

/// Values and gradients of one part.
void check_part(std::int64_t tokens, std::int64_t inputs, std::int64_t outputs, bool transposed, bool with_bias,
                Activation activation) {
  INFO(tokens << " tokens, " << inputs << " -> " << outputs << ", transposed " << transposed << ", bias " << with_bias);
  Parameter weight =
      make_parameter("weight", transposed ? Shape::matrix(inputs, outputs) : Shape::matrix(outputs, inputs), 1, 0.3F);
  Parameter bias = make_parameter("bias", Shape::vector(outputs), 2);
  const LinearPart part{&weight, transposed, with_bias ? &bias : nullptr, nullptr};
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(tokens, inputs), 3)};
  check.parameters = {&weight};
  if (with_bias) check.parameters.push_back(&bias);
  check.operation = [&](Tape&, const std::vector<Variable>& in) {
    return std::vector<Variable>{linear(in[0], {&part, 1}, activation)};
  };
  std::vector<double> expected = plain(check.inputs[0], part);
  for (double& v : expected) {
    if (activation == Activation::gelu_tanh) v = gelu(v);
    if (activation == Activation::gelu_erf) v = v / 2 * (1 + std::erf(v / std::sqrt(2.0)));
  }
  const Tensor y = outputs_of(check.operation, check.inputs, true).front();
  CHECK(y.shape() == Shape::matrix(tokens, outputs));
  CHECK(difference(y, expected) <= 5e-6);
  CHECK(equal(y, outputs_of(check.operation, check.inputs, false).front()));
  check.run();
}

}  // namespace

TEST_CASE("linear: values and gradients of both layouts") {
  for (const bool transposed : {false, true})
    for (const bool with_bias : {false, true}) {
      check_part(5, 7, 9, transposed, with_bias, Activation::none);
      check_part(1, 1, 1, transposed, with_bias, Activation::none);
      check_part(130, 12, 100, transposed, with_bias, Activation::none);
    }
}

TEST_CASE("linear: with GELU") {
  for (const bool transposed : {false, true}) {
    check_part(6, 8, 20, transposed, true, Activation::gelu_tanh);
    check_part(70, 5, 3, transposed, false, Activation::gelu_tanh);
    check_part(70, 5, 3, transposed, true, Activation::gelu_erf);
  }
}

TEST_CASE("linear: parts side by side, of different widths") {
  Parameter query = make_parameter("query", Shape::matrix(12, 6), 1),
            key = make_parameter("key", Shape::matrix(4, 6), 2),
            value = make_parameter("value", Shape::matrix(6, 5), 3);
  Parameter bias = make_parameter("bias", Shape::vector(4), 4);
  const LinearPart parts[] = {
      {&query, false, nullptr, nullptr}, {&key, false, &bias, nullptr}, {&value, true, nullptr, nullptr}};
  for (const Activation activation : {Activation::none, Activation::gelu_tanh}) {
    GradientCheck check;
    check.inputs = {random_tensor(Shape::matrix(9, 6), 5, 0.5F)};
    check.parameters = {&query, &key, &value, &bias};
    check.operation = [&](Tape&, const std::vector<Variable>& in) {
      return std::vector<Variable>{linear(in[0], parts, activation)};
    };
    std::vector<double> expected(9 * 21);
    std::size_t column = 0;
    for (const LinearPart& part : parts) {
      const std::vector<double> y = plain(check.inputs[0], part);
      const auto width = static_cast<std::size_t>(part.outputs());
      for (std::size_t i = 0; i < y.size(); ++i)
        expected[i / width * 21 + column + i % width] = activation == Activation::none ? y[i] : gelu(y[i]);
      column += width;
    }
    CHECK(difference(outputs_of(check.operation, check.inputs, true).front(), expected) <= 5e-6);
    check.run();
  }
}

TEST_CASE("linear: frozen weights get no gradient and pass it on all the same") {
  Parameter weight = make_parameter("weight", Shape::matrix(4, 3), 1),
            bias = make_parameter("bias", Shape::vector(4), 2);
  weight.set_trainable(false);
  GradientCheck check;
  check.inputs = {random_tensor(Shape::matrix(5, 3), 3)};
  check.parameters = {&weight, &bias};
  check.operation = [&](Tape&, const std::vector<Variable>& in) {
    return std::vector<Variable>{linear(in[0], weight, &bias)};
  };
  check.run();
  CHECK_FALSE(weight.grad);
  bias.set_trainable(false);
  check.run();
}

TEST_CASE("linear: an input that wants no gradient, and a tape that needs nothing") {
  Parameter weight = make_parameter("weight", Shape::matrix(4, 3), 1);
  Arena arena(1 << 24);
  {
    Tape tape(arena, true);
    const Variable x = tape.variable(random_tensor(Shape::matrix(5, 3), 2), false);
    const Variable y = linear(x, weight);
    CHECK(y.needs_grad());
    weight.set_trainable(false);
    CHECK_FALSE(linear(x, weight).needs_grad());
  }
  CHECK(arena.in_use() == 0);
}

TEST_CASE("linear: what does not fit is refused by name") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  const Variable x = tape.variable(Tensor::zeros(Shape::matrix(5, 3)), true);
  Parameter fits = make_parameter("fits", Shape::matrix(4, 3), 1),
            wide = make_parameter("wide.weight", Shape::matrix(4, 6), 1);
  Parameter bias = make_parameter("long.bias", Shape::vector(5), 1);
  CHECK_ERROR(linear(x, wide), "mismatch", "wide.weight takes 6 values, its input has 3");
  CHECK_ERROR(linear(x, fits, &bias), "mismatch", "long.bias is [1, 5], beside fits it must be [1, 4]");
  CHECK_ERROR(linear(x, std::span<const LinearPart>()), "mismatch", "1 to 3 parts, not 0");
  const LinearPart part{&fits, false, nullptr, nullptr};
  const LinearPart four[] = {part, part, part, part};
  CHECK_ERROR(linear(x, four), "mismatch", "1 to 3 parts, not 4");
}
