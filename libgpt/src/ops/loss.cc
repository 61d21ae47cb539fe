#include "gpt/ops/loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/ops/linear.h"
#include "gpt/tensor/gemm.h"
#include "kernels/elementwise.h"
#include "kernels/softmax.h"
#include "ops/half.h"
#include "ops/loss_node.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

void check(std::int64_t rows, std::int64_t classes, std::span<const std::int32_t> labels,
           const CrossEntropyOptions& options) {
  if (static_cast<std::int64_t>(labels.size()) != rows)
    fail(ErrorCode::mismatch, "{} labels for {} rows", labels.size(), rows);
  for (const std::int32_t label : labels)
    if (label < -1 || label >= classes) fail(ErrorCode::mismatch, "label {} of {} classes", label, classes);
  const std::span<const float> weights = options.class_weights;
  if (!weights.empty() && static_cast<std::int64_t>(weights.size()) != classes)
    fail(ErrorCode::mismatch, "{} class weights for {} classes", weights.size(), classes);
  for (const float weight : weights)
    if (!(weight >= 0) || std::isinf(weight))
      fail(ErrorCode::invalid_option, "a class weight must be 0 or more, not {}", weight);
  if (!(options.label_smoothing >= 0 && options.label_smoothing < 1))
    fail(ErrorCode::invalid_option, "label smoothing must be at least 0 and below 1, not {}", options.label_smoothing);
}

/// The loss of one row; its gradient times scale replaces the logits where `grad` is set.
double plain_loss(std::int64_t n, float* logits, std::int32_t label, float scale, bool grad) {
  const float at_label = logits[label];
  const kernels::LogSum sum = grad ? kernels::softmax(n, logits) : kernels::log_sum_exp(n, logits);
  if (grad) {
    logits[label] -= 1.0F;
    kernels::scale(n, scale, logits, logits);
  }
  return static_cast<double>(sum.log_sum - (at_label - sum.top));
}

/// The same with class weights and smoothing: sum of q (log_sum + top - logit), gradient (sum of q) p - q.
double weighted_loss(std::int64_t n, float* logits, std::int32_t label, float scale, bool grad,
                     const CrossEntropyOptions& options) {
  const auto target = [&](std::int64_t c) {
    const float spread = options.label_smoothing / static_cast<float>(n);
    const float weight = options.class_weights.empty() ? 1.0F : options.class_weights[static_cast<std::size_t>(c)];
    return weight * (c == label ? 1.0F - options.label_smoothing + spread : spread);
  };
  const kernels::LogSum sum = kernels::log_sum_exp(n, logits);
  double loss = 0, all = 0;
  for (std::int64_t c = 0; c < n; ++c) {
    loss += static_cast<double>(target(c)) * static_cast<double>(sum.log_sum - (logits[c] - sum.top));
    all += static_cast<double>(target(c));
  }
  if (!grad) return loss;
  kernels::softmax(n, logits);
  for (std::int64_t c = 0; c < n; ++c) logits[c] = scale * (static_cast<float>(all) * logits[c] - target(c));
  return loss;
}

double row_loss(std::int64_t n, float* logits, std::int32_t label, float scale, bool grad,
                const CrossEntropyOptions& options) {
  if (label < 0) {
    if (grad) std::fill_n(logits, n, 0.0F);
    return 0;
  }
  const bool plain = options.class_weights.empty() && options.label_smoothing == 0.0F;
  return plain ? plain_loss(n, logits, label, scale, grad) : weighted_loss(n, logits, label, scale, grad, options);
}

/// Loss of rows [row, row + rows) with their logits in `logits`, gradients written over them where wanted.
double chunk_loss(const Tensor& logits, std::int64_t rows, const std::int32_t* targets, float scale, bool grad,
                  const CrossEntropyOptions& options) {
  std::vector<double> losses(static_cast<std::size_t>(rows));
  parallel_for(rows, [&](std::int64_t r) {
    losses[static_cast<std::size_t>(r)] = row_loss(logits.columns(), logits.row(r), targets[r], scale, grad, options);
  });
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return sum;
}

/// The products of a chunk of rows with the output projection, in the weight's precision.
class Projection {
 public:
  Projection(const Tensor& states, Parameter& weight, Arena& arena) : states_(states), weight_(weight), arena_(arena) {
    if (!weight.half.empty()) half_ = Half(arena, states);
  }

  void logits(std::int64_t row, std::int64_t rows, float* out) const {
    const std::int64_t n = states_.columns(), vocabulary = weight_.value.rows();
    if (half_) {
      gemm(rows, vocabulary, n, half_.matrix(row), {weight_.half.data(), n, true}, 0.0F, out, vocabulary);
    } else {
      gemm(rows, vocabulary, n, 1.0F, {states_.row(row), n, false}, {weight_.value.data(), n, true}, 0.0F, out,
           vocabulary);
    }
  }

  /// From the gradient of the logits: those of the states, and of the weight where it trains. dstates may be null.
  void backward(std::int64_t row, std::int64_t rows, const float* dlogits, float* dstates) const {
    const std::int64_t n = states_.columns(), vocabulary = weight_.value.rows();
    if (half_) {
      const Half half(arena_, dlogits, rows, vocabulary, vocabulary);
      if (dstates != nullptr)
        gemm(rows, n, vocabulary, half.matrix(), {weight_.half.data(), n, false}, 0.0F, dstates, n);
      if (weight_.trainable) {
        const GradTarget dweight = grad_target(weight_, arena_);
        gemm(vocabulary, n, half_padded(rows), half.matrix(0, 0, true), half_.matrix(row), dweight.beta, dweight.data,
             n);
      }
      return;
    }
    if (dstates != nullptr)
      gemm(rows, n, vocabulary, 1.0F, {dlogits, vocabulary, false}, {weight_.value.data(), n, false}, 0.0F, dstates, n);
    if (weight_.trainable) {
      const GradTarget dweight = grad_target(weight_, arena_);
      gemm(vocabulary, n, rows, 1.0F, {dlogits, vocabulary, true}, {states_.row(row), n, false}, dweight.beta,
           dweight.data, n);
    }
  }

 private:
  const Tensor& states_;
  Parameter& weight_;
  Arena& arena_;
  Half half_;
};

}  // namespace

Variable cross_entropy(const Variable& logits, std::span<const std::int32_t> labels, float scale,
                       const CrossEntropyOptions& options) {
  check(logits.rows(), logits.columns(), labels, options);
  Tensor work = logits.tape().empty(logits.rows(), logits.columns());
  std::copy_n(logits.value().data(), work.size(), work.data());
  const double sum = chunk_loss(work, logits.rows(), labels.data(), scale, logits.needs_grad(), options);
  return make_loss(logits, sum * static_cast<double>(scale), std::move(work));
}

Variable projected_cross_entropy(const Variable& states, Parameter& weight, std::span<const std::int32_t> targets,
                                 float scale, const CrossEntropyOptions& options) {
  const std::int64_t vocabulary = weight.value.rows(), n = states.columns();
  check(states.rows(), vocabulary, targets, options);
  if (weight.value.columns() != n)
    fail(ErrorCode::mismatch, "{} takes {} values, its input has {}", weight.name, weight.value.columns(), n);
  Tape& tape = states.tape();
  Variable loss = tape.variable(tape.empty(1, 1), states.needs_grad() || weight.trainable);
  Tensor grad;
  if (states.needs_grad()) grad = tape.empty(states.rows(), n);
  const Tensor logits = tape.empty(std::min(kLogitRows, states.rows()), vocabulary);
  const Projection projection(states.value(), weight, tape.arena());
  double sum = 0;
  for (std::int64_t row = 0; row < states.rows(); row += kLogitRows) {
    const std::int64_t rows = std::min(kLogitRows, states.rows() - row);
    projection.logits(row, rows, logits.data());
    sum += chunk_loss(logits, rows, targets.data() + row, scale, loss.needs_grad(), options);
    if (loss.needs_grad()) projection.backward(row, rows, logits.data(), grad ? grad.row(row) : nullptr);
  }
  loss.value().data()[0] = static_cast<float>(sum * static_cast<double>(scale));
  if (grad) tape.record<LossNode>(states, loss, std::move(grad));
  return loss;
}

std::vector<float> projected_log_probabilities(const Variable& states, Parameter& weight,
                                               std::span<const std::int32_t> targets) {
  check(states.rows(), weight.value.rows(), targets, {});
  std::vector<std::int64_t> wanted;
  for (std::int64_t row = 0; row < states.rows(); ++row)
    if (targets[static_cast<std::size_t>(row)] >= 0) wanted.push_back(row);
  std::vector<float> out(targets.size(), 0.0F);
  const std::int64_t count = static_cast<std::int64_t>(wanted.size()), n = states.columns();
  Tape tape(states.tape().arena(), false);
  for (std::int64_t first = 0; first < count; first += kLogitRows) {
    const std::int64_t rows = std::min(kLogitRows, count - first);
    const Tensor chunk = tape.empty(rows, n);
    for (std::int64_t r = 0; r < rows; ++r)
      std::copy_n(states.value().row(wanted[static_cast<std::size_t>(first + r)]), n, chunk.row(r));
    const Variable logits = linear(tape.variable(chunk, false), weight);
    parallel_for(rows, [&](std::int64_t r) {
      const auto row = static_cast<std::size_t>(wanted[static_cast<std::size_t>(first + r)]);
      const float* const line = logits.value().row(r);
      const kernels::LogSum sum = kernels::log_sum_exp(logits.columns(), line);
      out[row] = (line[targets[row]] - sum.top) - sum.log_sum;
    });
  }
  return out;
}

}  // namespace gpt
