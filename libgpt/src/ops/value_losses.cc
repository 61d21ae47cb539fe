#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"
#include "gpt/ops/loss.h"
#include "ops/loss_node.h"

namespace gpt {
namespace {

struct Term {
  double loss, slope;
};

/// scale * sum over the entries of term(x, t). Heads have few outputs: one thread, in order.
template <typename Function>
Variable sum_of_terms(const Variable& x, std::span<const float> targets, float scale, const Function& term) {
  const std::span<const float> values = x.value().values();
  if (targets.size() != values.size())
    fail(ErrorCode::mismatch, "{} targets for outputs of [{}, {}]", targets.size(), x.rows(), x.columns());
  Tensor grad;
  if (x.needs_grad()) grad = x.tape().empty(x.rows(), x.columns());
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    Term one{};
    if (!std::isnan(targets[i])) one = term(static_cast<double>(values[i]), static_cast<double>(targets[i]));
    sum += one.loss;
    if (grad) grad.values()[i] = static_cast<float>(static_cast<double>(scale) * one.slope);
  }
  return make_loss(x, static_cast<double>(scale) * sum, std::move(grad));
}

}  // namespace

Variable binary_cross_entropy(const Variable& logits, std::span<const float> targets, float scale) {
  for (const float target : targets)
    if (target < 0 || target > 1)
      fail(ErrorCode::mismatch, "a target of binary cross entropy is between 0 and 1, not {}", target);
  return sum_of_terms(logits, targets, scale, [](double x, double t) {
    // -(t log s(x) + (1 - t) log(1 - s(x))) = max(x, 0) - t x + log(1 + exp(-|x|))
    return Term{std::max(x, 0.0) - t * x + std::log1p(std::exp(-std::abs(x))), 1 / (1 + std::exp(-x)) - t};
  });
}

Variable squared_error(const Variable& outputs, std::span<const float> targets, float scale) {
  return sum_of_terms(outputs, targets, scale, [](double x, double t) { return Term{(x - t) * (x - t), 2 * (x - t)}; });
}

}  // namespace gpt
