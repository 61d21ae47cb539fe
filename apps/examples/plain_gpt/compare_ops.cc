#include <algorithm>
#include <numeric>

#include "attention.h"
#include "by_libgpt.h"
#include "comparisons.h"
#include "formulas.h"
#include "gpt/ops/attention.h"
#include "gpt/ops/embedding.h"
#include "gpt/ops/gate.h"
#include "gpt/ops/linear.h"
#include "gpt/ops/loss.h"
#include "gpt/ops/norm.h"
#include "gpt/ops/pool.h"

namespace plain {
namespace {

using Inputs = std::vector<gpt::Variable>;

constexpr double kEpsilon = 1e-5;

gpt::Batch one_sequence(const std::vector<std::int32_t>& tokens) {
  gpt::Batch batch;
  batch.add({tokens, {}});
  return batch;
}

}  // namespace

gpt::Batch positions(std::size_t count) {
  std::vector<std::int32_t> tokens(count);
  std::iota(tokens.begin(), tokens.end(), 0);
  return one_sequence(tokens);
}

Comparison compare_embedding(Numbers& n) {
  const Matrix table = n.matrix(5, n.width), places = n.matrix(n.tokens + 1, n.width),
               dy = n.matrix(n.tokens + 1, n.width);
  std::vector<std::int32_t> ids(n.tokens + 1);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i * i % 4 + 1);
  const gpt::Batch batch = one_sequence(ids), order = positions(ids.size());
  gpt::Parameter tokens = parameter("tokens", table), position = parameter("positions", places);
  const Outcome o =
      run({}, dy, [&](gpt::Tape& tape, const Inputs&) { return gpt::embedding(tape, batch, tokens, &position); });
  Matrix y = embedding(table, ids), token_ids(1, ids.size());
  add_to(y, embedding(places, order.tokens));
  std::copy(ids.begin(), ids.end(), token_ids.values.begin());
  return {{"tokens", token_ids},
          {"E", table},
          {"P", places},
          {"x", y, o.output},
          {"dx", dy},
          {"dE", embedding_backward(5, ids, dy), from_tensor(tokens.grad)},
          {"dP", embedding_backward(places.rows, order.tokens, dy), from_tensor(position.grad)}};
}

Comparison compare_linear(Numbers& n) {
  const Matrix x = n.matrix(n.tokens, n.width), w = n.matrix(3, n.width), b = n.matrix(1, 3),
               dy = n.matrix(n.tokens, 3);
  gpt::Parameter weight = parameter("W", w), bias = parameter("b", b, true);
  const Outcome o = run({x}, dy, [&](gpt::Tape&, const Inputs& in) { return gpt::linear(in[0], weight, &bias); });
  const LinearGradients d = linear_backward(x, w, dy);
  return {{"x", x},
          {"W", w},
          {"b", b},
          {"y", linear(x, w, &b), o.output},
          {"dy", dy},
          {"dx", d.x, o.inputs[0]},
          {"dW", d.weight, from_tensor(weight.grad)},
          {"db", d.bias, from_tensor(bias.grad)}};
}

Comparison compare_lora(Numbers& n) {
  const Matrix x = n.matrix(n.tokens, n.width), w = n.matrix(3, n.width), a = n.matrix(1, n.width), b = n.matrix(3, 1),
               dy = n.matrix(n.tokens, 3);
  gpt::Parameter weight = parameter("W", w), down = parameter("A", a), up = parameter("B", b);
  weight.set_trainable(false);
  const gpt::LowRank adapter{&down, &up, 2.0F, 0};
  const gpt::LinearPart part{&weight, false, nullptr, &adapter};
  const Outcome o = run({x}, dy, [&](gpt::Tape&, const Inputs& in) { return gpt::linear(in[0], {&part, 1}); });
  const LoraGradients d = lora_backward(x, w, a, b, 2, dy);
  return {{"x", x},
          {"W", w},
          {"A", a},
          {"B", b},
          {"y", lora(x, w, a, b, 2), o.output},
          {"dy", dy},
          {"dx", d.x, o.inputs[0]},
          {"dA", d.a, from_tensor(down.grad)},
          {"dB", d.b, from_tensor(up.grad)}};
}

Comparison compare_norm(Numbers& n, bool rms) {
  const Matrix x = n.matrix(n.tokens, n.width), w = n.matrix(1, n.width), b = n.matrix(1, n.width),
               dy = n.matrix(n.tokens, n.width);
  gpt::Parameter weight = parameter("w", w, true), bias = parameter("b", b, true);
  const gpt::NormWeights weights{&weight, rms ? nullptr : &bias, rms, static_cast<float>(kEpsilon)};
  const Outcome o = run({x}, dy, [&](gpt::Tape&, const Inputs& in) { return gpt::norm(in[0], weights); });
  const NormGradients d = rms ? rms_norm_backward(x, w, kEpsilon, dy) : layer_norm_backward(x, w, kEpsilon, dy);
  Comparison lines{{"x", x}, {"w", w}};
  if (!rms) lines.push_back({"b", b});
  lines.push_back({"y", rms ? rms_norm(x, w, kEpsilon) : layer_norm(x, w, b, kEpsilon), o.output});
  lines.push_back({"dy", dy});
  lines.push_back({"dx", d.x, o.inputs[0]});
  lines.push_back({"dw", d.weight, from_tensor(weight.grad)});
  if (!rms) lines.push_back({"db", d.bias, from_tensor(bias.grad)});
  return lines;
}

namespace {

/// Columns [first, first + count * size) of x, a row for each token and head.
Matrix heads_as_rows(const Matrix& x, std::size_t first, std::size_t count, std::size_t size) {
  Matrix rows(x.rows * count, size);
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t i = 0; i < count * size; ++i) rows(t * count + i / size, i % size) = x(t, first + i);
  return rows;
}

/// And back.
void rows_as_heads(const Matrix& rows, std::size_t first, std::size_t count, Matrix& x) {
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t i = 0; i < count * rows.columns; ++i)
      x(t, first + i) = rows(t * count + i / rows.columns, i % rows.columns);
}

}  // namespace

/// Two query heads under one weight, a key head under another; the value head goes through as it is.
Comparison compare_head_norm(Numbers& n) {
  const std::size_t size = n.width;
  const Matrix qkv = n.matrix(n.tokens, 4 * size), wq = n.matrix(1, size), wk = n.matrix(1, size),
               dy = n.matrix(n.tokens, 4 * size);
  gpt::Parameter query = parameter("wq", wq, true), key = parameter("wk", wk, true);
  const auto weights = [](gpt::Parameter& weight) {
    return gpt::NormWeights{&weight, nullptr, true, static_cast<float>(kEpsilon)};
  };
  const Outcome o = run({qkv}, dy, [&](gpt::Tape&, const Inputs& in) {
    return gpt::norm_heads(in[0], 2, 1, weights(query), weights(key));
  });
  Matrix y = qkv, dx = dy;
  std::vector<Matrix> dw;
  const auto norm_of = [&](std::size_t first, std::size_t count, const Matrix& w) {
    const Matrix rows = heads_as_rows(qkv, first, count, size);
    const NormGradients d = rms_norm_backward(rows, w, kEpsilon, heads_as_rows(dy, first, count, size));
    rows_as_heads(rms_norm(rows, w, kEpsilon), first, count, y);
    rows_as_heads(d.x, first, count, dx);
    dw.push_back(d.weight);
  };
  norm_of(0, 2, wq);
  norm_of(2 * size, 1, wk);
  return {{"q1,q2,k,v", qkv},
          {"wq", wq},
          {"wk", wk},
          {"y", y, o.output},
          {"dy", dy},
          {"dx", dx, o.inputs[0]},
          {"dwq", dw[0], from_tensor(query.grad)},
          {"dwk", dw[1], from_tensor(key.grad)}};
}

/// normed = rms_norm(x + delta), where the sum goes nowhere else.
Comparison compare_residual(Numbers& n) {
  const Matrix x = n.matrix(n.tokens, n.width), delta = n.matrix(n.tokens, n.width), w = n.matrix(1, n.width),
               dy = n.matrix(n.tokens, n.width);
  gpt::Parameter weight = parameter("w", w, true);
  const gpt::NormWeights weights{&weight, nullptr, true, static_cast<float>(kEpsilon)};
  const Outcome o =
      run({x, delta}, dy, [&](gpt::Tape&, const Inputs& in) { return gpt::add_norm(in[0], in[1], weights).normed; });
  Matrix sum = x;
  add_to(sum, delta);
  const NormGradients d = rms_norm_backward(sum, w, kEpsilon, dy);
  return {{"x", x},
          {"delta", delta},
          {"w", w},
          {"normed", rms_norm(sum, w, kEpsilon), o.output},
          {"dnormed", dy},
          {"dx", d.x, o.inputs[0]},
          {"ddelta", d.x, o.inputs[1]}};
}

Comparison compare_gelu(Numbers& n, bool exact) {
  const Matrix x = n.matrix(n.tokens, n.width), dy = n.matrix(n.tokens, n.width);
  Matrix identity(n.width, n.width);
  for (std::size_t i = 0; i < n.width; ++i) identity(i, i) = 1;
  gpt::Parameter weight = parameter("1", identity);
  const gpt::LinearPart part{&weight};
  const Outcome o = run({x}, dy, [&](gpt::Tape&, const Inputs& in) {
    return gpt::linear(in[0], {&part, 1}, exact ? gpt::Activation::gelu_erf : gpt::Activation::gelu_tanh);
  });
  return {{"x", x},
          {"y", exact ? exact_gelu(x) : gelu(x), o.output},
          {"dy", dy},
          {"dx", exact ? exact_gelu_backward(x, dy) : gelu_backward(x, dy), o.inputs[0]}};
}

Comparison compare_swiglu(Numbers& n) {
  const Matrix x = n.matrix(n.tokens, 2 * n.width), dy = n.matrix(n.tokens, n.width);
  const Outcome o = run({x}, dy, [](gpt::Tape&, const Inputs& in) { return gpt::silu_gate(in[0]); });
  return {{"g, u", x}, {"y", swiglu(x), o.output}, {"dy", dy}, {"dg, du", swiglu_backward(x, dy), o.inputs[0]}};
}

/// softmax(x), found in libgpt as the gradient of the cross entropy, softmax(x) - [the target].
Comparison compare_softmax(Numbers& n) {
  const Matrix x = n.matrix(1, n.width), one(1, 1, {1.0});
  const std::int32_t target = 0;
  Outcome o = run({x}, one, [&](gpt::Tape&, const Inputs& in) { return gpt::cross_entropy(in[0], {&target, 1}, 1); });
  o.inputs[0].values[0] += 1;
  return {{"x", x}, {"p", {1, n.width, softmax(x.values)}, o.inputs[0]}};
}

/// What attention leaves of its queries and keys: libgpt turns them in place.
Comparison compare_rotary(Numbers& n) {
  const std::size_t tokens = n.tokens + 1;
  const Matrix qkv = n.matrix(tokens, 3 * n.width);
  const auto width = static_cast<std::int64_t>(n.width);
  const gpt::RopeTable rope = gpt::make_rope(static_cast<std::int64_t>(tokens), width, 10000);
  const gpt::Batch batch = positions(tokens);
  gpt::Arena arena(std::size_t{1} << 30);
  gpt::Tape tape(arena, false);
  const gpt::Variable in = tape.variable(to_tensor(qkv), false);
  (void)gpt::attention(in, batch, {1, 1, width, &rope, 0});
  Comparison lines;
  for (const std::size_t first : {std::size_t{0}, n.width}) {
    Matrix before(tokens, n.width), after = before, turned = before;
    for (std::size_t t = 0; t < tokens; ++t)
      for (std::size_t i = 0; i < n.width; ++i) {
        before(t, i) = qkv(t, first + i);
        turned(t, i) = static_cast<double>(in.value().row(static_cast<std::int64_t>(t))[first + i]);
      }
    after = before;
    for (std::size_t t = 0; t < tokens; ++t) rotate(&after(t, 0), n.width, static_cast<double>(t), 10000);
    lines.push_back({first == 0 ? "q" : "k", before});
    lines.push_back({first == 0 ? "R q" : "R k", after, turned});
  }
  return lines;
}

/// Two query heads that share one key-value head, with rotary positions.
Comparison compare_attention(Numbers& n, std::size_t window) {
  const std::size_t tokens = n.tokens + 1, size = n.width / 2 / 2 * 2;
  const Matrix qkv = n.matrix(tokens, 4 * size), dy = n.matrix(tokens, 2 * size);
  const auto head = static_cast<std::int64_t>(size);
  const gpt::RopeTable rope = gpt::make_rope(static_cast<std::int64_t>(tokens), head, 10000);
  const gpt::Batch batch = positions(tokens);
  const Outcome o = run({qkv}, dy, [&](gpt::Tape&, const Inputs& in) {
    return gpt::attention(in[0], batch, {2, 1, head, &rope, 0, static_cast<std::int64_t>(window)});
  });
  const AttentionShape shape{2, 1, size, 10000, window};
  std::vector<Matrix> weights;
  const Matrix y = attention(qkv, shape, &weights);
  return {{"q1,q2,k,v", qkv}, {"P1", weights[0]}, {"P2", weights[1]},
          {"y", y, o.output}, {"dy", dy},         {"dq,dk,dv", attention_backward(qkv, shape, dy), o.inputs[0]}};
}

Comparison compare_pool(Numbers& n) {
  const Matrix x = n.matrix(n.tokens, n.width), dy = n.matrix(1, n.width);
  const gpt::Batch batch = positions(n.tokens);
  const Outcome last = run({x}, dy, [&](gpt::Tape&, const Inputs& in) { return gpt::pool_last(in[0], batch); });
  const Outcome mean = run({x}, dy, [&](gpt::Tape&, const Inputs& in) { return gpt::mean_pool(in[0], batch); });
  Matrix y_last(1, n.width), y_mean(1, n.width), d_last(n.tokens, n.width), d_mean(n.tokens, n.width);
  for (std::size_t i = 0; i < n.width; ++i) {
    y_last(0, i) = x(n.tokens - 1, i);
    d_last(n.tokens - 1, i) = dy(0, i);
    for (std::size_t t = 0; t < n.tokens; ++t) {
      y_mean(0, i) += x(t, i) / static_cast<double>(n.tokens);
      d_mean(t, i) = dy(0, i) / static_cast<double>(n.tokens);
    }
  }
  return {{"x", x},   {"last", y_last, last.output},        {"mean", y_mean, mean.output},
          {"dy", dy}, {"dx, last", d_last, last.inputs[0]}, {"dx, mean", d_mean, mean.inputs[0]}};
}

/// A table of ones, so that the output is the mask itself, and its gradient the mask again.
Comparison compare_dropout(Numbers& n) {
  const float p = 0.25F;
  Matrix ones(2, 2 * n.width);
  std::fill(ones.values.begin(), ones.values.end(), 1.0);
  gpt::Parameter table = parameter("ones", ones);
  const gpt::Batch batch = positions(2);
  const Outcome o =
      run({}, ones, [&](gpt::Tape& tape, const Inputs&) { return gpt::embedding(tape, batch, table, nullptr, p); });
  Matrix mask = o.output;
  for (double& value : mask.values) value = value == 0.0 ? 0.0 : 1 / (1 - static_cast<double>(p));
  return {{"x", ones}, {"y", mask, o.output}, {"dy", ones}, {"dx", mask, from_tensor(table.grad)}};
}

}  // namespace plain
