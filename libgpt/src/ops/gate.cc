#include "gpt/ops/gate.h"

#include "gpt/core/error.h"
#include "kernels/elementwise.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

/// silu(first half) * second half, row by row.
void gate_rows(const Tensor& x, const Tensor& y) {
  const std::int64_t n = y.columns();
  for_rows(x, [&](std::int64_t row, std::int64_t rows) {
    for (std::int64_t r = row; r < row + rows; ++r) kernels::silu_gate(n, x.row(r), x.row(r) + n, y.row(r));
  });
}

class GateNode final : public Node {
 public:
  GateNode(Variable x, Gradient y) : x_(std::move(x)), y_(std::move(y)) {}

  void backward() override {
    const Tensor& dy = y_.grad();
    if (!dy) return;
    const std::int64_t n = dy.columns();
    Tensor dx = x_.tape().empty(dy.rows(), 2 * n);
    for_rows(dx, [&](std::int64_t row, std::int64_t rows) {
      for (std::int64_t r = row; r < row + rows; ++r)
        kernels::silu_gate_backward(n, x_.value().row(r), x_.value().row(r) + n, dy.row(r), dx.row(r), dx.row(r) + n);
    });
    add_grad(x_, std::move(dx));
  }

  Tensor make_again() const override {
    Tensor y = x_.tape().empty(x_.rows(), x_.columns() / 2);
    gate_rows(x_.value(), y);
    return y;
  }

 private:
  Variable x_;
  Gradient y_;
};

}  // namespace

Variable silu_gate(const Variable& x) {
  if (x.columns() % 2 != 0) fail(ErrorCode::mismatch, "a gate takes two halves, not {} values", x.columns());
  const std::int64_t n = x.columns() / 2;
  Tape& tape = x.tape();
  Variable y = tape.variable(tape.empty(x.rows(), n), x.needs_grad());
  gate_rows(x.value(), y.value());
  if (y.needs_grad()) tape.record_maker<GateNode>(y, x, y);
  return y;
}

}  // namespace gpt
