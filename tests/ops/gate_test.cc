// The gated activation.
#include "gpt/ops/gate.h"

#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

TEST_CASE("silu_gate: values and gradients") {
  for (const std::int64_t rows : {1, 9, 200}) {
    GradientCheck check;
    check.inputs = {random_tensor(Shape::matrix(rows, 26), 1, 2.0F)};
    check.operation = [](Tape&, const std::vector<Variable>& in) { return std::vector<Variable>{silu_gate(in[0])}; };
    std::vector<double> expected;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < 13; ++i) {
        const auto gate = static_cast<double>(check.inputs[0].row(r)[i]);
        expected.push_back(gate / (1 + std::exp(-gate)) * static_cast<double>(check.inputs[0].row(r)[13 + i]));
      }
    const Tensor y = outputs_of(check.operation, check.inputs, true).front();
    CHECK(y.shape() == Shape::matrix(rows, 13));
    CHECK(difference(y, expected) <= 2e-6);
    CHECK(equal(y, outputs_of(check.operation, check.inputs, false).front()));
    check.run();
  }
}

TEST_CASE("silu_gate: an odd width is refused") {
  Arena arena(1 << 24);
  Tape tape(arena, true);
  CHECK_ERROR(silu_gate(tape.variable(Tensor::zeros(Shape::matrix(2, 5)), true)), "mismatch",
              "a gate takes two halves, not 5 values");
}
