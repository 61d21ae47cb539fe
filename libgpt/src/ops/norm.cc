#include "gpt/ops/norm.h"

#include "gpt/core/error.h"
#include "kernels/elementwise.h"
#include "kernels/norm.h"
#include "ops/residual.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

void norm_rows(const Tensor& x, const NormWeights& w, const Tensor& out, kernels::RowMoments* moments, std::int64_t row,
               std::int64_t rows) {
  const float* bias = w.bias != nullptr ? w.bias->value.data() : nullptr;
  for (std::int64_t r = row; r < row + rows; ++r) {
    moments[r] = w.rms
                     ? kernels::rms_norm(x.columns(), x.row(r), w.weight->value.data(), w.epsilon, out.row(r))
                     : kernels::layer_norm(x.columns(), x.row(r), w.weight->value.data(), bias, w.epsilon, out.row(r));
  }
}

/// dx += the gradient through the norm; the weights' gradients are summed in blocks of rows.
void norm_gradients(Arena& arena, const Tensor& x, const NormWeights& w, const kernels::RowMoments* moments,
                    const Tensor& dy, float* dx) {
  const std::int64_t n = x.columns();
  const bool weights = w.weight->trainable, biases = w.bias != nullptr && w.bias->trainable;
  const std::int64_t width = (weights ? n : 0) + (biases ? n : 0);
  const Tensor sums = width > 0 ? Tensor(arena, Shape::vector(width)) : Tensor();
  const auto rows_backward = [&](std::int64_t row, std::int64_t rows, float* partial) {
    for (std::int64_t r = row; r < row + rows; ++r)
      kernels::norm_backward(n, x.row(r), w.weight->value.data(), moments[r], !w.rms, dy.row(r), dx + r * n,
                             weights ? partial : nullptr, biases ? partial + (weights ? n : 0) : nullptr);
  };
  if (width == 0) return for_rows(x, [&](std::int64_t row, std::int64_t rows) { rows_backward(row, rows, nullptr); });
  sum_rows(arena, x.rows(), width, 0.0F, sums.data(), rows_backward);
  if (weights) add_grad(*w.weight, arena, sums.data());
  if (biases) add_grad(*w.bias, arena, sums.data() + (weights ? n : 0));
}

Tensor moments_for(Tape& tape, std::int64_t rows) {
  return tape.empty(rows, sizeof(kernels::RowMoments) / sizeof(float));
}
kernels::RowMoments* moments_in(const Tensor& tensor) { return reinterpret_cast<kernels::RowMoments*>(tensor.data()); }

/// All rows of x, normed; what backward needs of each goes into `moments`.
Tensor normed(const Variable& x, const NormWeights& weights, const Tensor& moments) {
  Tensor y = x.tape().empty(x.rows(), x.columns());
  for_rows(y, [&](std::int64_t row, std::int64_t rows) {
    norm_rows(x.value(), weights, y, moments_in(moments), row, rows);
  });
  return y;
}

class NormNode final : public Node {
 public:
  NormNode(Variable x, Gradient y, const NormWeights& weights, Tensor moments)
      : x_(std::move(x)), y_(std::move(y)), weights_(weights), moments_(std::move(moments)) {}

  void backward() override {
    if (!y_.grad()) return;
    Tensor dx = x_.tape().empty(x_.rows(), x_.columns());
    for_rows(dx, [&](std::int64_t row, std::int64_t rows) { std::fill_n(dx.row(row), rows * dx.columns(), 0.0F); });
    norm_gradients(x_.tape().arena(), x_.value(), weights_, moments_in(moments_), y_.grad(), dx.data());
    if (x_.needs_grad()) add_grad(x_, std::move(dx));
  }

  Tensor make_again() const override { return normed(x_, weights_, moments_); }

 private:
  Variable x_;
  Gradient y_;
  NormWeights weights_;
  Tensor moments_;
};

class AddNormNode final : public Node {
 public:
  AddNormNode(Gradient x, Gradient delta, const Normed& out, const NormWeights& weights, Tensor moments,
              const ResidualSum& residual)
      : x_(std::move(x)),
        delta_(std::move(delta)),
        sum_(out.sum),
        normed_(out.normed),
        weights_(weights),
        moments_(std::move(moments)),
        residual_(residual) {}

  void backward() override {
    // d sum = what came over the residual path + what came through the norm.
    Tensor& ds = sum_.grad();
    if (!ds && !normed_.grad()) return;
    if (!ds) {
      ds = sum_.tape().empty(sum_.rows(), sum_.columns());
      for_rows(ds, [&](std::int64_t row, std::int64_t rows) { std::fill_n(ds.row(row), rows * ds.columns(), 0.0F); });
    } else {
      grad_target(sum_);  // a buffer of its own: it is written to
    }
    if (normed_.grad())
      norm_gradients(sum_.tape().arena(), sum_.value(), weights_, moments_in(moments_), normed_.grad(), ds.data());
    residual_.backward(x_, delta_, std::move(ds));
  }

  Tensor make_again() const override { return normed(sum_, weights_, moments_); }

 private:
  Gradient x_, delta_;
  Variable sum_;
  Gradient normed_;
  NormWeights weights_;
  Tensor moments_;
  ResidualSum residual_;
};

bool trains(const NormWeights& w) { return w.weight->trainable || (w.bias != nullptr && w.bias->trainable); }

void check(const Variable& x, const NormWeights& w) {
  for (const Parameter* p : {w.weight, w.bias})
    if (p != nullptr && p->value.size() != x.columns())
      fail(ErrorCode::mismatch, "{} has {} values, the row it normalizes {}", p->name, p->value.size(), x.columns());
}

}  // namespace

Variable norm(const Variable& x, const NormWeights& weights) {
  check(x, weights);
  Tape& tape = x.tape();
  Tensor moments = moments_for(tape, x.rows());
  Variable y = tape.variable(normed(x, weights, moments), x.needs_grad() || trains(weights));
  if (y.needs_grad()) tape.record_maker<NormNode>(y, x, y, weights, std::move(moments));
  return y;
}

Normed add_norm(const Variable& x, const Variable& delta, const NormWeights& weights, float dropout) {
  check(x, weights);
  check_residual(x, delta);
  Tape& tape = x.tape();
  const bool wanted = x.needs_grad() || delta.needs_grad();
  Normed out{tape.variable(tape.empty(x.rows(), x.columns()), wanted),
             tape.variable(tape.empty(x.rows(), x.columns()), wanted || trains(weights))};
  Tensor moments = moments_for(tape, x.rows());
  const ResidualSum residual(tape, dropout);
  for_rows(x.value(), [&](std::int64_t row, std::int64_t rows) {
    residual.forward(x.value(), delta.value(), out.sum.value(), row, rows);
    norm_rows(out.sum.value(), weights, out.normed.value(), moments_in(moments), row, rows);
  });
  if (out.normed.needs_grad())
    tape.record_maker<AddNormNode>(out.normed, x, delta, out, weights, std::move(moments), residual);
  return out;
}

}  // namespace gpt
