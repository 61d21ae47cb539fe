#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "by_libgpt.h"
#include "comparisons.h"
#include "formulas.h"
#include "gpt/ops/loss.h"
#include "train/optimizer.h"

namespace plain {
namespace {

using Inputs = std::vector<gpt::Variable>;

const Matrix kOne(1, 1, {1.0});

std::vector<float> floats(const Matrix& m) { return {m.values.begin(), m.values.end()}; }

Matrix as_row(const std::vector<std::int32_t>& numbers) {
  return {1, numbers.size(), {numbers.begin(), numbers.end()}};
}

}  // namespace

Comparison compare_cross_entropy(Numbers& n) {
  const std::size_t classes = 5;
  const Matrix states = n.matrix(n.tokens + 1, n.width), w = n.matrix(classes, n.width);
  std::vector<std::int32_t> targets(states.rows, -1);
  for (std::size_t t = 0; t + 1 < targets.size(); ++t) targets[t] = static_cast<std::int32_t>((2 * t + 1) % classes);
  const float scale = 1.0F / static_cast<float>(n.tokens);
  gpt::Parameter weight = parameter("W", w);
  const Outcome o = run({states}, kOne, [&](gpt::Tape&, const Inputs& in) {
    return gpt::projected_cross_entropy(in[0], weight, targets, scale);
  });
  const Matrix logits = linear(states, w);
  const Outcome direct =
      run({logits}, kOne, [&](gpt::Tape&, const Inputs& in) { return gpt::cross_entropy(in[0], targets, scale); });
  const CrossEntropy loss = cross_entropy(logits, targets);
  const LinearGradients d = linear_backward(states, w, loss.dlogits);
  return {{"h", states},
          {"W", w},
          {"targets", as_row(targets)},
          {"logits", logits},
          {"loss", {1, 1, {loss.loss}}, o.output},
          {"dlogits", loss.dlogits, direct.inputs[0]},
          {"dh", d.x, o.inputs[0]},
          {"dW", d.weight, from_tensor(weight.grad)}};
}

/// Three steps with weight decay, the gradients clipped to a norm of 1.
Comparison compare_adamw(Numbers& n) {
  Matrix w = n.matrix(1, n.width);
  gpt::Parameter weight = parameter("w", w);
  gpt::TrainOptions options;
  options.weight_decay = 0.1;
  gpt::AdamW optimizer({&weight}, options);
  const AdamWOptions ours{0.01, options.beta1, options.beta2, options.epsilon, options.weight_decay};
  AdamWState state;
  gpt::Arena arena(std::size_t{1} << 20);
  Comparison lines{{"w", w}};
  for (int step = 1; step <= 3; ++step) {
    Matrix g = n.matrix(1, n.width);
    lines.push_back({fmt::format("g{}", step), g});
    optimizer.zero_grad();
    gpt::add_grad(weight, arena, to_tensor(g).data());
    const double norm = std::sqrt(std::inner_product(g.values.begin(), g.values.end(), g.values.begin(), 0.0));
    const double factor = clip_factor(norm, 1), theirs = optimizer.grad_norm();
    optimizer.step(0.01, theirs > 1 ? 1 / (theirs + 1e-6) : 1.0);
    for (double& value : g.values) value *= factor;
    adamw(w, g, state, ours);
    lines.push_back({fmt::format("|g{}|", step), {1, 1, {norm}}, {1, 1, {theirs}}});
    lines.push_back({fmt::format("m{}", step), state.first, from_tensor(optimizer.first_moments()[0])});
    lines.push_back({fmt::format("v{}", step), state.second, from_tensor(optimizer.second_moments()[0])});
    lines.push_back({fmt::format("w{}", step), w, from_tensor(weight.value)});
  }
  return lines;
}

/// Cross entropy whose targets are spread by 0.1, with a weight for each class.
Comparison compare_smoothed(Numbers& n) {
  const std::size_t classes = 3;
  const Matrix logits = n.matrix(n.tokens, classes);
  std::vector<std::int32_t> targets(n.tokens);
  for (std::size_t t = 0; t < targets.size(); ++t) targets[t] = static_cast<std::int32_t>(t % classes);
  const std::vector<double> weights{1, 2, 0.5};
  const std::vector<float> weights_f(weights.begin(), weights.end());
  const Outcome o = run({logits}, kOne, [&](gpt::Tape&, const Inputs& in) {
    return gpt::cross_entropy(in[0], targets, 1, {weights_f, 0.1F});
  });
  const Loss loss = smoothed_cross_entropy(logits, targets, weights, 0.1);
  return {{"z", logits},
          {"targets", as_row(targets)},
          {"w", {1, classes, weights}},
          {"loss", {1, 1, {loss.value}}, o.output},
          {"dz", loss.gradient, o.inputs[0]}};
}

Comparison compare_binary(Numbers& n) {
  const Matrix logits = n.matrix(n.tokens, n.width);
  Matrix targets(n.tokens, n.width);
  for (std::size_t i = 0; i < targets.values.size(); ++i) targets.values[i] = i % 3 == 0 ? 1 : 0;
  const std::vector<float> targets_f = floats(targets);
  const Outcome o =
      run({logits}, kOne, [&](gpt::Tape&, const Inputs& in) { return gpt::binary_cross_entropy(in[0], targets_f, 1); });
  const Loss loss = binary_cross_entropy(logits, targets);
  return {{"z", logits},
          {"targets", targets},
          {"loss", {1, 1, {loss.value}}, o.output},
          {"dz", loss.gradient, o.inputs[0]}};
}

Comparison compare_squared(Numbers& n) {
  const Matrix outputs = n.matrix(n.tokens, 1), targets = n.matrix(n.tokens, 1);
  const std::vector<float> targets_f = floats(targets);
  const Outcome o =
      run({outputs}, kOne, [&](gpt::Tape&, const Inputs& in) { return gpt::squared_error(in[0], targets_f, 1); });
  const Loss loss = squared_error(outputs, targets);
  return {{"x", outputs},
          {"targets", targets},
          {"loss", {1, 1, {loss.value}}, o.output},
          {"dx", loss.gradient, o.inputs[0]}};
}

/// One sequence whose answer is its last two tokens.
Comparison compare_span(Numbers& n) {
  const Matrix logits = n.matrix(n.tokens + 2, 2);
  const auto last = static_cast<std::int32_t>(logits.rows) - 1;
  const std::vector<std::int32_t> offsets{0, last + 1};
  const gpt::TokenSpan span{last - 1, last};
  const Outcome o = run({logits}, kOne, [&](gpt::Tape&, const Inputs& in) {
    return gpt::span_cross_entropy(in[0], offsets, {&span, 1}, 1);
  });
  const Loss loss = span_loss(logits, static_cast<std::size_t>(span.first), static_cast<std::size_t>(span.last));
  return {{"start, end", logits},
          {"answer", as_row({span.first, span.last})},
          {"loss", {1, 1, {loss.value}}, o.output},
          {"dstart, dend", loss.gradient, o.inputs[0]}};
}

}  // namespace plain
