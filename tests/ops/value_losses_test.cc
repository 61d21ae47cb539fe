// Losses of numbers: several labels at once, and regression; and of spans.
#include <cmath>
#include <limits>

#include "gpt/ops/loss.h"
#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

void check_values(const GradientCheck::Operation& operation, const Tensor& input, double expected) {
  GradientCheck check;
  check.inputs = {input};
  check.operation = operation;
  check.is_loss = true;
  for (const bool recording : {true, false})
    CHECK(outputs_of(operation, check.inputs, recording).front().data()[0] == Approx(expected).epsilon(2e-6));
  check.run();
  check.is_loss = false;  // a loss that another operation scales
  check.run();
}

}  // namespace

TEST_CASE("binary_cross_entropy: value and gradient, unknown entries left out") {
  const std::vector<float> targets{0, 1, 0.25F, kUnknown, 1, 0};
  const Tensor x = random_tensor(Shape::matrix(2, 3), 3, 2.0F);
  double expected = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (std::isnan(targets[i])) continue;
    const double p = 1 / (1 + std::exp(-static_cast<double>(x.values()[i]))), t = static_cast<double>(targets[i]);
    expected -= 0.5 * (t * std::log(p) + (1 - t) * std::log(1 - p));
  }
  check_values(
      [&](Tape&, const std::vector<Variable>& in) {
        return std::vector<Variable>{binary_cross_entropy(in[0], targets, 0.5F)};
      },
      x, expected);
}

TEST_CASE("binary_cross_entropy: logits of any size") {
  Arena arena(1 << 20);
  Tape tape(arena, true);
  Tensor x = Tensor::zeros(Shape::matrix(1, 2));
  x.data()[0] = 500;
  x.data()[1] = -500;
  const std::vector<float> right{1, 0}, wrong{0, 1};
  CHECK(binary_cross_entropy(tape.variable(x, true), right, 1).value().data()[0] == 0.0F);
  CHECK(binary_cross_entropy(tape.variable(x, true), wrong, 1).value().data()[0] == 1000.0F);
}

TEST_CASE("squared_error: value and gradient, unknown entries left out") {
  const std::vector<float> targets{0.5F, -1, kUnknown, 2};
  const Tensor x = random_tensor(Shape::matrix(4, 1), 3);
  double expected = 0;
  for (std::size_t i = 0; i < targets.size(); ++i)
    if (!std::isnan(targets[i])) expected += 0.25 * std::pow(static_cast<double>(x.values()[i] - targets[i]), 2);
  check_values(
      [&](Tape&, const std::vector<Variable>& in) {
        return std::vector<Variable>{squared_error(in[0], targets, 0.25F)};
      },
      x, expected);
}

TEST_CASE("span_cross_entropy: value and gradient, sequences of any length, unknown spans left out") {
  const std::vector<std::int32_t> offsets{0, 5, 6, 40, 43};
  const std::vector<TokenSpan> spans{{1, 3}, {0, 0}, {-1, -1}, {2, 2}};
  const Tensor x = random_tensor(Shape::matrix(43, 2), 3, 2.0F);
  double expected = 0;
  for (std::size_t s = 0; s < spans.size(); ++s)
    for (const std::int64_t column : {0, 1}) {
      if (spans[s].first < 0) continue;
      double sum = 0;
      for (std::int32_t t = offsets[s]; t < offsets[s + 1]; ++t) sum += std::exp(static_cast<double>(x.row(t)[column]));
      const std::int32_t target = offsets[s] + (column == 0 ? spans[s].first : spans[s].last);
      expected += (std::log(sum) - static_cast<double>(x.row(target)[column])) / 2 / 3;
    }
  check_values(
      [&](Tape&, const std::vector<Variable>& in) {
        return std::vector<Variable>{span_cross_entropy(in[0], offsets, spans, 1.0F / 3)};
      },
      x, expected);
}

TEST_CASE("losses of numbers and spans: targets that do not fit are refused") {
  Arena arena(1 << 20);
  Tape tape(arena, true);
  const Variable x = tape.variable(Tensor::zeros(Shape::matrix(3, 2)), true);
  const std::vector<float> five(5), high{0, 0, 0, 0, 0, 1.5F};
  CHECK_ERROR(binary_cross_entropy(x, five, 1), "mismatch", "5 targets for outputs of [3, 2]");
  CHECK_ERROR(squared_error(x, five, 1), "mismatch", "5 targets for outputs of [3, 2]");
  CHECK_ERROR(binary_cross_entropy(x, high, 1), "mismatch",
              "a target of binary cross entropy is between 0 and 1, not 1.5");
  const std::vector<std::int32_t> offsets{0, 3};
  const auto span_error = [&](TokenSpan span) {
    return error_of([&] { span_cross_entropy(x, offsets, {&span, 1}, 1); });
  };
  CHECK(span_error({1, 2}) == "no error");
  for (const TokenSpan& bad : {TokenSpan{2, 3}, TokenSpan{2, 1}, TokenSpan{-2, 1}})
    CHECK(contains(span_error(bad), fmt::format("mismatch: the span from token {} to token {} does not lie in sequence "
                                                "0 of 3 tokens",
                                                bad.first, bad.last)));
  CHECK_ERROR(span_cross_entropy(x, offsets, {}, 1), "mismatch",
              "0 spans and logits of [3, 2] for sequences that start at the tokens 0, 3");
}
