// Operations whose products are made in bfloat16, against the same in float32 on numbers that bfloat16 holds exactly.
#include "gpt/ops/linear.h"
#include "gpt/ops/loss.h"
#include "gpt/tensor/gemm.h"
#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

/// Multiples of 1/32 between -2 and 2.
Tensor short_numbers(Shape shape, std::uint64_t seed) {
  Tensor tensor = Tensor::zeros(shape);
  Random random(seed);
  for (float& v : tensor.values()) v = (static_cast<float>(random.below(129)) - 64.0F) / 32.0F;
  return tensor;
}

Parameter short_parameter(std::string name, Shape shape, std::uint64_t seed) {
  Parameter p = make_parameter(std::move(name), shape, seed);
  p.value = short_numbers(shape, seed + 100);
  return p;
}

struct Result {
  Tensor output, input_grad;
  std::vector<Tensor> weight_grads;
};

using Operation = std::function<Variable(const Variable&)>;

Result result_of(const Operation& operation, const Tensor& input, std::span<Parameter* const> weights, bool is_loss) {
  Arena arena(std::size_t{1} << 30);
  Tape tape(arena, true);
  for (Parameter* p : weights) p->zero_grad();
  const Variable x = tape.variable(input.clone(), true), y = operation(x);
  Variable loss = y;
  if (!is_loss) {
    loss = tape.variable(tape.empty(1, 1), true);
    tape.record<WeightedSum>(std::vector<Variable>{y}, loss);
  }
  Result result{y.value().clone(), {}, {}};
  tape.backward(loss);
  result.input_grad = x.grad().clone();
  for (const Parameter* p : weights) result.weight_grads.push_back(p->grad.clone());
  return result;
}

double distance(const Tensor& a, const Tensor& b) {
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < a.values().size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(a.values()[i]) - static_cast<double>(b.values()[i])));
    largest = std::max(largest, std::abs(static_cast<double>(b.values()[i])));
  }
  return worst / largest;
}

/// The outputs agree to float32's rounding, gradients (whose operands are rounded) to bfloat16's.
void compare(const Operation& operation, const Tensor& input, std::span<Parameter* const> weights, bool is_loss) {
  const Result expected = result_of(operation, input, weights, is_loss);
  for (Parameter* p : weights) p->round_half();
  const Result actual = result_of(operation, input, weights, is_loss);
  for (Parameter* p : weights) p->half.clear();
  CHECK(distance(actual.output, expected.output) <= 2e-6);
  const double input_distance = distance(actual.input_grad, expected.input_grad);
  CHECK(input_distance <= 8e-3);
  CHECK(input_distance > 0);  // the product was another one
  for (std::size_t i = 0; i < weights.size(); ++i)
    CHECK(distance(actual.weight_grads[i], expected.weight_grads[i]) <= 8e-3);
}

}  // namespace

TEST_CASE("linear in bfloat16: both layouts, parts side by side") {
  if (!hardware_bf16()) return;
  for (const bool transposed : {false, true})
    for (const std::int64_t tokens : {1, 31, 33, 600}) {
      INFO(tokens << " tokens, transposed " << transposed);
      const auto shape = [&](std::int64_t outputs) {
        return transposed ? Shape::matrix(48, outputs) : Shape::matrix(outputs, 48);
      };
      Parameter query = short_parameter("query", shape(60), 1), key = short_parameter("key", shape(20), 2);
      const LinearPart parts[] = {{&query, transposed, nullptr, nullptr}, {&key, transposed, nullptr, nullptr}};
      Parameter* const weights[] = {&query, &key};
      compare([&](const Variable& x) { return linear(x, parts); }, short_numbers(Shape::matrix(tokens, 48), 3), weights,
              false);
    }
}

TEST_CASE("linear: parts in bfloat16 beside others are refused") {
  Parameter one = short_parameter("one", Shape::matrix(8, 4), 1), two = short_parameter("two", Shape::matrix(8, 4), 2);
  one.round_half();
  const LinearPart parts[] = {{&one, false, nullptr, nullptr}, {&two, false, nullptr, nullptr}};
  Arena arena(std::size_t{1} << 30);
  Tape tape(arena, false);
  const Variable x = tape.variable(short_numbers(Shape::matrix(3, 4), 3), false);
  CHECK_ERROR(linear(x, parts), "mismatch", "one and two must be held in the same precision");
}

TEST_CASE("projected_cross_entropy in bfloat16: several chunks of rows") {
  if (!hardware_bf16()) return;
  for (const std::int64_t rows : {5, 300}) {
    INFO(rows << " rows");
    Parameter weight = short_parameter("weight", Shape::matrix(70, 48), 1);
    std::vector<std::int32_t> targets;
    for (std::int64_t i = 0; i < rows; ++i) targets.push_back(static_cast<std::int32_t>(i % 70));
    Parameter* const weights[] = {&weight};
    compare([&](const Variable& x) { return projected_cross_entropy(x, weight, targets, 0.01F); },
            short_numbers(Shape::matrix(rows, 48), 3), weights, true);
  }
}
