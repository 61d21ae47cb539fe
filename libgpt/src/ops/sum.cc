#include "gpt/ops/sum.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "kernels/elementwise.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

class SumSequencesNode final : public Node {
 public:
  SumSequencesNode(Gradient x, Gradient y, const Batch& batch) : x_(std::move(x)), y_(std::move(y)), batch_(batch) {}

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
  Gradient x_, y_;
  const Batch& batch_;
};

class SpreadNode final : public Node {
 public:
  SpreadNode(Gradient x, Gradient y, const Batch& batch) : x_(std::move(x)), y_(std::move(y)), batch_(batch) {}

  void backward() override {
    const Tensor& dy = y_.grad();
    if (!dy) return;
    Tensor dx = x_.tape().empty(x_.rows(), 1);
    for (std::int32_t e = 0; e < batch_.examples(); ++e) {
      const std::int32_t first = batch_.first_sequence(e);
      std::copy_n(dy.row(e), batch_.first_sequence(e + 1) - first, dx.row(first));
    }
    add_grad(x_, std::move(dx));
  }

 private:
  Gradient x_, y_;
  const Batch& batch_;
};

}  // namespace

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

Variable spread_sequences(const Variable& x, const Batch& batch, std::int64_t width) {
  if (x.rows() != batch.sequences() || x.columns() != 1)
    fail(ErrorCode::mismatch, "[{}, {}] scores for a batch of {} sequences", x.rows(), x.columns(), batch.sequences());
  Tape& tape = x.tape();
  Variable y = tape.variable(tape.empty(batch.examples(), width), x.needs_grad());
  for (std::int32_t e = 0; e < batch.examples(); ++e) {
    const std::int32_t first = batch.first_sequence(e), count = batch.first_sequence(e + 1) - first;
    if (count > width)
      fail(ErrorCode::mismatch, "example {} of a batch has {} sequences, {} at most are compared", e, count, width);
    std::copy_n(x.value().row(first), count, y.value().row(e));
    std::fill_n(y.value().row(e) + count, width - count, -1e30F);
  }
  if (y.needs_grad()) tape.record<SpreadNode>(x, y, batch);
  return y;
}

}  // namespace gpt
