// Cross entropy, of logits and of states before the output projection.
#include "gpt/ops/loss.h"

#include <array>
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

/// scale * sum of -log softmax(row)[label], with weights and smoothing as PyTorch's documentation defines them.
double plain(const std::vector<double>& logits, std::span<const std::int32_t> labels, double scale,
             const CrossEntropyOptions& options = {}) {
  const std::size_t classes = logits.size() / labels.size();
  const auto smoothing = static_cast<double>(options.label_smoothing);
  double loss = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (labels[r] < 0) continue;
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += std::exp(logits[r * classes + c]);
    for (std::size_t c = 0; c < classes; ++c) {
      const double weight = options.class_weights.empty() ? 1.0 : static_cast<double>(options.class_weights[c]);
      const double target = c == static_cast<std::size_t>(labels[r]) ? 1 - smoothing : 0.0;
      loss += weight * (target + smoothing / static_cast<double>(classes)) * (std::log(sum) - logits[r * classes + c]);
    }
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

TEST_CASE("cross_entropy: class weights and label smoothing") {
  const std::vector<float> weights{0.5F, 2.0F, 0.0F, 1.0F, 3.5F};
  const std::vector<std::int32_t> labels = make_labels(9, 5, true);
  Parameter projection = make_parameter("lm_head", Shape::matrix(5, 5), 2, 0.0F);
  for (std::int64_t i = 0; i < 5; ++i) projection.value.row(i)[i] = 1;  // logits are the states
  for (const CrossEntropyOptions& options :
       {CrossEntropyOptions{weights, 0}, CrossEntropyOptions{{}, 0.1F}, CrossEntropyOptions{weights, 0.3F}})
    for (const bool projected : {false, true}) {
      INFO(options.class_weights.size() << " weights, smoothing " << options.label_smoothing << ", " << projected);
      GradientCheck check;
      check.inputs = {random_tensor(Shape::matrix(9, 5), 1, 2.0F)};
      check.operation = [&](Tape&, const std::vector<Variable>& in) {
        return std::vector<Variable>{projected ? projected_cross_entropy(in[0], projection, labels, 0.25F, options)
                                               : cross_entropy(in[0], labels, 0.25F, options)};
      };
      if (projected) check.parameters = {&projection};
      check.is_loss = true;
      const std::vector<double> logits(check.inputs[0].values().begin(), check.inputs[0].values().end());
      const double expected = plain(logits, labels, 0.25, options);
      for (const bool recording : {true, false})
        CHECK(outputs_of(check.operation, check.inputs, recording).front().data()[0] == Approx(expected).epsilon(2e-6));
      check.run();
    }
}

TEST_CASE("cross_entropy: the numbers of torch.nn.functional.cross_entropy") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  Tensor logits = Tensor::zeros(Shape::matrix(2, 3));
  std::copy_n(std::array{1.0F, -2.0F, 0.5F, 0.0F, 3.0F, -1.0F}.begin(), 6, logits.data());
  const std::vector<float> weights{1.0F, 2.0F, 0.5F};
  const std::int32_t labels[] = {2, 1};
  const Variable x = tape.variable(logits, true);
  // reduction="sum"; the mean with weights divides by 0.5 + 2
  CHECK(cross_entropy(x, labels, 1.0F, {weights, 0}).value().data()[0] == Approx(0.634066258686).epsilon(1e-6));
  CHECK(cross_entropy(x, labels, 1.0F, {weights, 0.1F}).value().data()[0] == Approx(1.0122157268623664).epsilon(1e-6));
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
  weight.zero_grad();
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
  const std::vector<float> three{1, 1, 1}, negative{1, 1, -1, 1};
  CHECK_ERROR(cross_entropy(x, good, 1, {three, 0}), "mismatch", "3 class weights for 4 classes");
  CHECK_ERROR(cross_entropy(x, good, 1, {negative, 0}), "invalid_option", "a class weight must be 0 or more, not -1");
  CHECK_ERROR(cross_entropy(x, good, 1, {{}, 1}), "invalid_option",
              "label smoothing must be at least 0 and below 1, not 1");
  CHECK_ERROR(projected_cross_entropy(x, weight, two, 1), "mismatch", "2 labels for 3 rows");
  CHECK_ERROR(projected_cross_entropy(x, weight, high, 1), "mismatch", "label 9 of 9 classes");
  CHECK_ERROR(projected_cross_entropy(x, wide, good, 1), "mismatch", "wide.weight takes 5 values, its input has 4");
}
