#include "gpt/ops/sum.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "kernels/elementwise.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

class AddNode final : public Node {
 public:
  AddNode(Variable a, Variable b, Variable y) : a_(std::move(a)), b_(std::move(b)), y_(std::move(y)) {}

  void backward() override {
    const Tensor& dy = y_.grad();
    if (!dy) return;
    for (const Variable* side : {&a_, &b_}) {
      if (!side->needs_grad()) continue;
      Tensor copy = y_.tape().empty(dy.rows(), dy.columns());
      std::copy_n(dy.data(), dy.size(), copy.data());
      add_grad(*side, std::move(copy));
    }
  }

 private:
  Variable a_, b_, y_;
};

class SumSequencesNode final : public Node {
 public:
  SumSequencesNode(Variable x, Variable y, const Batch& batch) : x_(std::move(x)), y_(std::move(y)), batch_(batch) {}

  void backward() override {
    const Tensor& dy = y_.grad();
    if (!dy) return;
    Tensor dx = x_.tape().empty(x_.rows(), dy.columns());
    for (std::int32_t e = 0; e < batch_.examples(); ++e)
      for (std::int32_t s = batch_.first_sequence(e); s < batch_.first_sequence(e + 1); ++s)
        std::copy_n(dy.row(e), dy.columns(), dx.row(s));
    add_grad(x_, std::move(dx));
  }

 private:
  Variable x_, y_;
  const Batch& batch_;
};

}  // namespace

Variable add(const Variable& a, const Variable& b) {
  if (a.rows() != b.rows() || a.columns() != b.columns())
    fail(ErrorCode::mismatch, "a sum of [{}, {}] and [{}, {}]", a.rows(), a.columns(), b.rows(), b.columns());
  Tape& tape = a.tape();
  Variable y = tape.variable(tape.empty(a.rows(), a.columns()), a.needs_grad() || b.needs_grad());
  for_rows(y.value(), [&](std::int64_t row, std::int64_t rows) {
    kernels::add(rows * a.columns(), a.value().row(row), b.value().row(row), y.value().row(row));
  });
  if (y.needs_grad()) tape.record<AddNode>(a, b, y);
  return y;
}

Variable sum_sequences(const Variable& x, const Batch& batch) {
  if (x.rows() != batch.sequences())
    fail(ErrorCode::mismatch, "{} rows for a batch of {} sequences", x.rows(), batch.sequences());
  if (batch.examples() == batch.sequences()) return x;
  Tape& tape = x.tape();
  const std::int64_t n = x.columns();
  Variable y = tape.variable(tape.empty(batch.examples(), n), x.needs_grad());
  for (std::int32_t e = 0; e < batch.examples(); ++e) {
    float* const out = y.value().row(e);
    std::copy_n(x.value().row(batch.first_sequence(e)), n, out);
    for (std::int32_t s = batch.first_sequence(e) + 1; s < batch.first_sequence(e + 1); ++s)
      kernels::add(n, out, x.value().row(s), out);
  }
  if (y.needs_grad()) tape.record<SumSequencesNode>(x, y, batch);
  return y;
}

}  // namespace gpt
