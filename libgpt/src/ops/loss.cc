#include "gpt/ops/loss.h"

#include <algorithm>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/tensor/gemm.h"
#include "kernels/elementwise.h"
#include "kernels/softmax.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

constexpr std::int64_t kChunk = 256;  // rows whose logits are held at once

void check(std::int64_t rows, std::int64_t classes, std::span<const std::int32_t> labels) {
  if (static_cast<std::int64_t>(labels.size()) != rows)
    fail(ErrorCode::mismatch, "{} labels for {} rows", labels.size(), rows);
  for (const std::int32_t label : labels)
    if (label < -1 || label >= classes) fail(ErrorCode::mismatch, "label {} of {} classes", label, classes);
}

/// The loss of one row; its gradient times scale replaces the logits where `grad` is set.
double row_loss(std::int64_t n, float* logits, std::int32_t label, float scale, bool grad) {
  if (label < 0) {
    if (grad) std::fill_n(logits, n, 0.0F);
    return 0;
  }
  const float at_label = logits[label];
  const kernels::LogSum sum = grad ? kernels::softmax(n, logits) : kernels::log_sum_exp(n, logits);
  if (grad) {
    logits[label] -= 1.0F;
    kernels::scale(n, scale, logits, logits);
  }
  return static_cast<double>(sum.log_sum - (at_label - sum.top));
}

class CrossEntropyNode final : public Node {
 public:
  CrossEntropyNode(Variable logits, Variable loss, Tensor grad)
      : logits_(std::move(logits)), loss_(std::move(loss)), grad_(std::move(grad)) {}

  void backward() override {
    if (!loss_.grad()) return;
    const float up = loss_.grad().data()[0];
    if (up != 1.0F) kernels::scale(grad_.size(), up, grad_.data(), grad_.data());
    add_grad(logits_, std::move(grad_));
  }

 private:
  Variable logits_, loss_;
  Tensor grad_;
};

class ProjectedNode final : public Node {
 public:
  ProjectedNode(Variable states, Variable loss, Tensor grad)
      : states_(std::move(states)), loss_(std::move(loss)), grad_(std::move(grad)) {}

  void backward() override {
    if (loss_.grad() && states_.needs_grad()) add_grad(states_, std::move(grad_));
  }

 private:
  Variable states_, loss_;
  Tensor grad_;
};

/// Loss of rows [row, row + rows) with their logits in `logits`, gradients written over them where wanted.
double chunk_loss(const Tensor& logits, std::int64_t rows, const std::int32_t* targets, float scale, bool grad) {
  std::vector<double> losses(static_cast<std::size_t>(rows));
  parallel_for(rows, [&](std::int64_t r) {
    losses[static_cast<std::size_t>(r)] = row_loss(logits.columns(), logits.row(r), targets[r], scale, grad);
  });
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return sum;
}

}  // namespace

Variable cross_entropy(const Variable& logits, std::span<const std::int32_t> labels, float scale) {
  check(logits.rows(), logits.columns(), labels);
  Tape& tape = logits.tape();
  Tensor work = tape.empty(logits.rows(), logits.columns());
  std::copy_n(logits.value().data(), work.size(), work.data());
  Variable loss = tape.variable(tape.empty(1, 1), logits.needs_grad());
  const double sum = chunk_loss(work, logits.rows(), labels.data(), scale, loss.needs_grad());
  loss.value().data()[0] = static_cast<float>(sum * static_cast<double>(scale));
  if (loss.needs_grad()) tape.record<CrossEntropyNode>(logits, loss, std::move(work));
  return loss;
}

Variable projected_cross_entropy(const Variable& states, Parameter& weight, std::span<const std::int32_t> targets,
                                 float scale) {
  const std::int64_t vocabulary = weight.value.rows(), n = states.columns();
  check(states.rows(), vocabulary, targets);
  if (weight.value.columns() != n)
    fail(ErrorCode::mismatch, "{} takes {} values, its input has {}", weight.name, weight.value.columns(), n);
  Tape& tape = states.tape();
  Variable loss = tape.variable(tape.empty(1, 1), states.needs_grad() || weight.trainable);
  Tensor grad;
  if (loss.needs_grad()) grad = tape.empty(states.rows(), n);
  const Tensor logits = tape.empty(std::min(kChunk, states.rows()), vocabulary);
  double sum = 0;
  for (std::int64_t row = 0; row < states.rows(); row += kChunk) {
    const std::int64_t rows = std::min(kChunk, states.rows() - row);
    gemm(rows, vocabulary, n, 1.0F, {states.value().row(row), n, false}, {weight.value.data(), n, true}, 0.0F,
         logits.data(), vocabulary);
    sum += chunk_loss(logits, rows, targets.data() + row, scale, loss.needs_grad());
    if (!loss.needs_grad()) continue;
    gemm(rows, n, vocabulary, 1.0F, {logits.data(), vocabulary, false}, {weight.value.data(), n, false}, 0.0F,
         grad.row(row), n);
    if (weight.trainable)
      gemm(vocabulary, n, rows, 1.0F, {logits.data(), vocabulary, true}, {states.value().row(row), n, false},
           weight.begin_grad(), weight.grad.data(), n);
  }
  loss.value().data()[0] = static_cast<float>(sum * static_cast<double>(scale));
  if (loss.needs_grad()) tape.record<ProjectedNode>(states, loss, std::move(grad));
  return loss;
}

}  // namespace gpt
