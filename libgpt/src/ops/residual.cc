#include "ops/residual.h"

#include "gpt/core/error.h"
#include "gpt/ops/norm.h"
#include "kernels/elementwise.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

class AddNode final : public Node {
 public:
  AddNode(Gradient x, Gradient delta, Gradient sum, const ResidualSum& residual)
      : x_(std::move(x)), delta_(std::move(delta)), sum_(std::move(sum)), residual_(residual) {}
  void backward() override {
    if (sum_.grad()) residual_.backward(x_, delta_, sum_.grad());
  }

 private:
  Gradient x_, delta_, sum_;
  ResidualSum residual_;
};

}  // namespace

ResidualSum::ResidualSum(Tape& tape, float probability) {
  if (!tape.recording() || !(probability > 0.0F)) return;
  dropout = probability;
  key = {tape.seed(), tape.step(), tape.next_random_stream()};
}

void ResidualSum::forward(const Tensor& x, const Tensor& delta, const Tensor& sum, std::int64_t row,
                          std::int64_t rows) const {
  const std::int64_t n = rows * x.columns();
  float* const out = sum.row(row);
  if (dropout > 0.0F) {
    kernels::dropout(n, dropout, key, static_cast<std::uint64_t>(row * x.columns()), delta.row(row), out);
    kernels::add(n, out, x.row(row), out);
  } else {
    kernels::add(n, x.row(row), delta.row(row), out);
  }
}

void ResidualSum::backward(const Gradient& x, const Gradient& delta, Tensor dsum) const {
  if (delta.needs_grad() && dropout > 0.0F) {
    Tensor dropped = delta.tape().empty(dsum.rows(), dsum.columns());
    for_rows(dsum, [&](std::int64_t row, std::int64_t rows) {
      kernels::dropout(rows * dsum.columns(), dropout, key, static_cast<std::uint64_t>(row * dsum.columns()),
                       dsum.row(row), dropped.row(row));
    });
    add_grad(delta, std::move(dropped));
  } else if (delta.needs_grad()) {
    add_grad(delta, dsum);
  }
  if (x.needs_grad()) add_grad(x, std::move(dsum));
}

void check_residual(const Variable& x, const Variable& delta) {
  if (delta.value().shape() != x.value().shape())
    fail(ErrorCode::mismatch, "cannot add [{}, {}] to [{}, {}]", delta.rows(), delta.columns(), x.rows(), x.columns());
}

Variable add(const Variable& x, const Variable& delta, float dropout) {
  check_residual(x, delta);
  Tape& tape = x.tape();
  Variable sum = tape.variable(tape.empty(x.rows(), x.columns()), x.needs_grad() || delta.needs_grad());
  const ResidualSum residual(tape, dropout);
  for_rows(sum.value(), [&](std::int64_t row, std::int64_t rows) {
    residual.forward(x.value(), delta.value(), sum.value(), row, rows);
  });
  if (sum.needs_grad()) tape.record<AddNode>(x, delta, sum, residual);
  return sum;
}

}  // namespace gpt
