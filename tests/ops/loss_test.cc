// Cross entropy, of logits and of states before the output projection.
#include "gpt/ops/loss.h"

#include <numeric>

#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

std::vector<std::int32_t> make_labels(std::int64_t rows, std::int32_t classes, bool some_missing) {
  std::vector<std::int32_t> labels;
  Random random(23);
  for (std::int64_t i = 0; i < rows; ++i)
    labels.push_back(
        some_missing && i % 3 == 1 ? -1 : static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(classes))));
  return labels;
}

/// scale * sum of -log softmax(row)[label].
double plain(const std::vector<double>& logits, std::span<const std::int32_t> labels, double scale) {
  const std::size_t classes = logits.size() / labels.size();
  double loss = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (labels[r] < 0) continue;
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += std::exp(logits[r * classes + c]);
    loss += std::log(sum) - logits[r * classes + static_cast<std::size_t>(labels[r])];
  }
  return scale * loss;
}

}  // namespace

TEST_CASE("cross_entropy: value and gradient, rows without a label left out") {
  for (const bool some_missing : {false, true})
    for (const std::int64_t rows : {1, 2, 37}) {
      INFO(rows << " rows, some missing " << some_missing);
      const std::vector<std::int32_t> labels = make_labels(rows, 11, some_missing);
      GradientCheck check;
      check.inputs = {random_tensor(Shape::matrix(rows, 11), 1, 2.0F)};
      check.operation = [&](Tape&, const std::vector<Variable>& in) {
        return std::vector<Variable>{cross_entropy(in[0], labels, 0.25F)};
      };
      check.is_loss = true;
      check.elements = 400;
      const std::vector<double> logits(check.inputs[0].values().begin(), check.inputs[0].values().end());
      const double expected = plain(logits, labels, 0.25);
      for (const bool recording : {true, false})
        CHECK(outputs_of(check.operation, check.inputs, recording).front().data()[0] == Approx(expected).epsilon(2e-6));
      check.run();
      check.is_loss = false;  // a loss that another operation scales
      check.run();
    }
}

TEST_CASE("cross_entropy: logits of any size") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  Tensor logits = Tensor::zeros(Shape::matrix(2, 3));
  logits.data()[0] = 5000.0F;
  logits.data()[4] = -5000.0F;
  const std::int32_t labels[] = {1, 1};
  CHECK(cross_entropy(tape.variable(logits, true), labels, 1.0F).value().data()[0] ==
        Approx(10000 + std::log(2.0)).epsilon(1e-6));
}

TEST_CASE("projected_cross_entropy: value and gradients, over the edges of its chunks") {
  for (const std::int64_t rows : {1, 255, 256, 257, 600})
    for (const bool some_missing : {false, true}) {
      INFO(rows << " rows, some missing " << some_missing);
      const std::vector<std::int32_t> labels = make_labels(rows, 40, some_missing);
      Parameter weight = make_parameter("lm_head", Shape::matrix(40, 6), 2);
      const float scale = 1.0F / static_cast<float>(rows);
      GradientCheck check;
      check.inputs = {random_tensor(Shape::matrix(rows, 6), 1)};
      check.parameters = {&weight};
      check.operation = [&](Tape&, const std::vector<Variable>& in) {
        return std::vector<Variable>{projected_cross_entropy(in[0], weight, labels, scale)};
      };
      check.is_loss = true;
      check.elements = 20;
      check.tolerance = 5e-3;
      std::vector<double> logits;
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t v = 0; v < 40; ++v)
          logits.push_back(std::inner_product(
              weight.value.row(v), weight.value.row(v) + 6, check.inputs[0].row(r), 0.0, std::plus<>(),
              [](float a, float b) { return static_cast<double>(a) * static_cast<double>(b); }));
      const double expected = plain(logits, labels, static_cast<double>(scale));
      for (const bool recording : {true, false})
        CHECK(outputs_of(check.operation, check.inputs, recording).front().data()[0] == Approx(expected).epsilon(3e-6));
      check.run();
      weight.set_trainable(false);
      check.run();
    }
}

TEST_CASE("projected_cross_entropy: the weight alone trains") {
  Arena arena(1 << 26);
  Parameter weight = make_parameter("lm_head", Shape::matrix(7, 4), 2);
  const std::vector<std::int32_t> labels = make_labels(5, 7, false);
  {
    Tape tape(arena, true);
    const Variable loss =
        projected_cross_entropy(tape.variable(random_tensor(Shape::matrix(5, 4), 1), false), weight, labels, 1.0F);
    CHECK(loss.needs_grad());
    tape.backward(loss);
  }
  CHECK_FALSE(weight.grad_fresh);
  CHECK(arena.in_use() == 0);
}

TEST_CASE("losses: no label at all is a loss of zero and no gradient") {
  const std::vector<std::int32_t> labels(4, -1);
  Parameter weight = make_parameter("lm_head", Shape::matrix(7, 3), 2);
  for (const bool projected : {false, true}) {
    GradientCheck check;
    check.inputs = {random_tensor(Shape::matrix(4, 3), 1)};
    check.operation = [&](Tape&, const std::vector<Variable>& in) {
      return std::vector<Variable>{projected ? projected_cross_entropy(in[0], weight, labels, 1.0F)
                                             : cross_entropy(in[0], labels, 1.0F)};
    };
    check.is_loss = true;
    CHECK(outputs_of(check.operation, check.inputs, true).front().data()[0] == 0.0F);
    check.run();
  }
}

TEST_CASE("losses: labels that do not fit are refused") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  const Variable x = tape.variable(Tensor::zeros(Shape::matrix(3, 4)), true);
  Parameter weight = make_parameter("lm_head.weight", Shape::matrix(9, 4), 1),
            wide = make_parameter("wide.weight", Shape::matrix(9, 5), 1);
  const std::vector<std::int32_t> two{0, 1}, high{0, 9, 1}, low{0, -2, 1}, good{0, 1, 2};
  CHECK_ERROR(cross_entropy(x, two, 1), "mismatch", "2 labels for 3 rows");
  CHECK_ERROR(cross_entropy(x, high, 1), "mismatch", "label 9 of 4 classes");
  CHECK_ERROR(cross_entropy(x, low, 1), "mismatch", "label -2 of 4 classes");
  CHECK_ERROR(projected_cross_entropy(x, weight, two, 1), "mismatch", "2 labels for 3 rows");
  CHECK_ERROR(projected_cross_entropy(x, weight, high, 1), "mismatch", "label 9 of 9 classes");
  CHECK_ERROR(projected_cross_entropy(x, wide, good, 1), "mismatch", "wide.weight takes 5 values, its input has 4");
}
