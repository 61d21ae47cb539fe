#include "gpt/ops/linear.h"

#include <array>

#include "gpt/core/error.h"
#include "gpt/tensor/gemm.h"
#include "kernels/dropout.h"
#include "kernels/elementwise.h"
#include "kernels/small_gemm.h"
#include "ops/half.h"
#include "ops/lora.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

constexpr std::size_t kMaxParts = 3;  // query, key and value

/// One part as the operation keeps it.
struct Part {
  LinearPart map;
  std::int64_t column = 0;  // where its outputs start
  Tensor input;             // what the adapter saw: x, or x after the adapter's dropout
  Tensor down;              // the adapter's [tokens, rank]
  kernels::DropoutKey key;  // of the adapter's dropout
};

Matrix weight_for_forward(const LinearPart& map) {
  return {map.weight->value.data(), map.weight->value.columns(), !map.transposed};
}
Matrix weight_for_backward(const LinearPart& map) {
  return {map.weight->value.data(), map.weight->value.columns(), map.transposed};
}

bool in_half(const LinearPart& map) { return !map.weight->half.empty(); }
HalfMatrix half_weight(const LinearPart& map, bool transposed) {
  return {map.weight->half.data(), map.weight->value.columns(), transposed};
}

Tensor apply_dropout(Tape& tape, const Tensor& x, float p, const kernels::DropoutKey& key) {
  Tensor out = tape.empty(x.rows(), x.columns());
  for_rows(x, [&](std::int64_t row, std::int64_t rows) {
    kernels::dropout(rows * x.columns(), p, key, static_cast<std::uint64_t>(row * x.columns()), x.row(row),
                     out.row(row));
  });
  return out;
}

class LinearNode final : public Node {
 public:
  LinearNode(Variable x, Variable y, Tensor before, std::array<Part, kMaxParts> parts, std::size_t count)
      : x_(std::move(x)), y_(std::move(y)), before_(std::move(before)), parts_(std::move(parts)), count_(count) {}

  void backward() override {
    Tensor dy = y_.grad();
    if (!dy) return;
    if (before_) dy = through_activation(dy);
    Half half;
    if (in_half(parts_[0].map)) half = Half(x_.tape().arena(), dy);
    for (std::size_t i = 0; i < count_; ++i) weight_gradients(parts_[i], dy, half);
    for (std::size_t i = 0; i < count_; ++i) input_gradient(parts_[i], dy, half);
  }

 private:
  Tensor through_activation(const Tensor& dy) const {
    Tensor dx = x_.tape().empty(dy.rows(), dy.columns());
    for_rows(dy, [&](std::int64_t row, std::int64_t rows) {
      kernels::gelu_backward(rows * dy.columns(), before_.row(row), dy.row(row), dx.row(row));
    });
    return dx;
  }

  void weight_gradients(const Part& part, const Tensor& dy, const Half& half_dy) const {
    const Tensor& x = x_.value();
    const std::int64_t tokens = x.rows(), inputs = x.columns(), outputs = part.map.outputs();
    const Matrix gradient{dy.data() + part.column, dy.columns(), true};
    if (Parameter& weight = *part.map.weight; weight.trainable) {
      const float beta = weight.begin_grad();
      if (half_dy) {
        half_weight_gradient(part, half_dy, beta);
      } else if (part.map.transposed) {
        gemm(inputs, outputs, tokens, 1.0F, {x.data(), inputs, true}, {gradient.data, gradient.stride, false}, beta,
             weight.grad.data(), outputs);
      } else {
        gemm(outputs, inputs, tokens, 1.0F, gradient, {x.data(), inputs, false}, beta, weight.grad.data(), inputs);
      }
    }
    if (Parameter* bias = part.map.bias; bias != nullptr && bias->trainable) {
      sum_rows(x_.tape().arena(), tokens, outputs, bias->begin_grad(), bias->grad.data(),
               [&](std::int64_t row, std::int64_t rows, float* sum) {
                 for (std::int64_t r = row; r < row + rows; ++r)
                   kernels::add(outputs, sum, gradient.data + r * gradient.stride, sum);
               });
    }
  }

  void half_weight_gradient(const Part& part, const Half& dy, float beta) const {
    const Tensor& x = x_.value();
    const Half half(x_.tape().arena(), x);
    const std::int64_t tokens = half_padded(x.rows()), inputs = x.columns(), outputs = part.map.outputs();
    float* const grad = part.map.weight->grad.data();
    if (part.map.transposed) {
      gemm(inputs, outputs, tokens, half.matrix(0, 0, true), dy.matrix(0, part.column), beta, grad, outputs);
    } else {
      gemm(outputs, inputs, tokens, dy.matrix(0, part.column, true), half.matrix(), beta, grad, inputs);
    }
  }

  void input_gradient(const Part& part, const Tensor& dy, const Half& half_dy) const {
    const std::int64_t tokens = dy.rows(), inputs = part.map.inputs();
    const LowRank* adapter = part.map.adapter;
    Tensor dh;
    if (adapter != nullptr)
      dh = lora_backward(x_.tape().arena(), *adapter, part.input, part.down, dy.data() + part.column, dy.columns());
    if (!x_.needs_grad()) return;
    const bool dropped = adapter != nullptr && adapter->dropout > 0.0F;
    const GradTarget dx = grad_target(x_);
    const auto finish = [&](const Tile& tile) {
      if (adapter != nullptr && !dropped) lora_input_gradient(*adapter, dh, tile, dx.data);
    };
    if (half_dy) {
      gemm(tokens, inputs, part.map.outputs(), half_dy.matrix(0, part.column),
           half_weight(part.map, part.map.transposed), dx.beta, dx.data, inputs, finish);
    } else {
      gemm(tokens, inputs, part.map.outputs(), 1.0F, {dy.data() + part.column, dy.columns(), false},
           weight_for_backward(part.map), dx.beta, dx.data, inputs, finish);
    }
    if (dropped) add_grad(x_, through_dropout(part, dh));
  }

  /// dropout(dh a): what reaches x through an adapter whose input was dropped.
  Tensor through_dropout(const Part& part, const Tensor& dh) const {
    Tensor side = x_.tape().empty(x_.rows(), x_.columns());
    for_rows(side, [&](std::int64_t row, std::int64_t rows) {
      const std::int64_t n = rows * side.columns();
      std::fill_n(side.row(row), n, 0.0F);
      lora_input_gradient(*part.map.adapter, dh, {row, rows, 0, side.columns()}, side.data());
      kernels::dropout(n, part.map.adapter->dropout, part.key, static_cast<std::uint64_t>(row * side.columns()),
                       side.row(row), side.row(row));
    });
    return side;
  }

  Variable x_, y_;
  Tensor before_;  // what the activation saw; empty where there is none
  std::array<Part, kMaxParts> parts_;
  std::size_t count_;
};

/// x a' of a part's adapter, kept for the way back.
void start_adapter(Part& part, const Variable& x) {
  const LowRank& adapter = *part.map.adapter;
  Tape& tape = x.tape();
  part.input = x.value();
  if (adapter.dropout > 0.0F && tape.recording()) {
    part.key = {tape.seed(), tape.step(), tape.next_random_stream()};
    part.input = apply_dropout(tape, x.value(), adapter.dropout, part.key);
  }
  part.down = lora_down(tape.arena(), adapter, part.input);
}

/// Bias and activation of a tile while it is in the cache.
void finish_tile(const Tile& tile, const Parameter* bias, Activation activation, float* before, float* y,
                 std::int64_t row_size) {
  for (std::int64_t r = tile.row; r < tile.row + tile.rows; ++r) {
    float* const sum = (before != nullptr ? before : y) + r * row_size + tile.column;
    if (bias != nullptr) kernels::add(tile.columns, sum, bias->value.data() + tile.column, sum);
    if (activation == Activation::gelu_tanh) kernels::gelu(tile.columns, sum, y + r * row_size + tile.column);
  }
}

bool trains(const LinearPart& part) {
  const auto on = [](const Parameter* p) { return p != nullptr && p->trainable; };
  return on(part.weight) || on(part.bias) || (part.adapter != nullptr && (on(part.adapter->a) || on(part.adapter->b)));
}

void check_size(const Parameter& parameter, std::int64_t rows, std::int64_t columns, const Parameter& weight) {
  if (parameter.value.rows() != rows || parameter.value.columns() != columns)
    fail(ErrorCode::mismatch, "{} is [{}, {}], beside {} it must be [{}, {}]", parameter.name, parameter.value.rows(),
         parameter.value.columns(), weight.name, rows, columns);
}

void check(const LinearPart& map, const Variable& x) {
  if (map.inputs() != x.columns())
    fail(ErrorCode::mismatch, "{} takes {} values, its input has {}", map.weight->name, map.inputs(), x.columns());
  if (map.bias != nullptr) check_size(*map.bias, 1, map.outputs(), *map.weight);
  if (map.adapter == nullptr) return;
  const std::int64_t rank = map.adapter->a->value.rows();
  check_size(*map.adapter->a, rank, map.inputs(), *map.weight);
  check_size(*map.adapter->b, map.outputs(), rank, *map.weight);
}

}  // namespace

Variable linear(const Variable& x, std::span<const LinearPart> maps, Activation activation) {
  if (maps.empty() || maps.size() > kMaxParts)
    fail(ErrorCode::mismatch, "a linear map has 1 to {} parts, not {}", kMaxParts, maps.size());
  Tape& tape = x.tape();
  std::array<Part, kMaxParts> parts;
  std::int64_t width = 0;
  bool wanted = x.needs_grad();
  for (std::size_t i = 0; i < maps.size(); ++i) {
    check(maps[i], x);
    if (in_half(maps[i]) != in_half(maps[0]))
      fail(ErrorCode::mismatch, "{} and {} must both be multiplied in bfloat16, or neither", maps[0].weight->name,
           maps[i].weight->name);
    parts[i].map = maps[i];
    parts[i].column = width;
    width += maps[i].outputs();
    wanted = wanted || trains(maps[i]);
  }
  Variable y = tape.variable(tape.empty(x.rows(), width), wanted);
  // The activation's input is kept where there is a way back, else it is overwritten in place.
  Tensor before;
  if (activation != Activation::none && y.needs_grad()) before = tape.empty(x.rows(), width);
  float* const sum = before ? before.data() : y.value().data();
  Half half;
  if (in_half(maps[0])) half = Half(tape.arena(), x.value());
  for (std::size_t i = 0; i < maps.size(); ++i) {
    Part& part = parts[i];
    Tensor up;
    if (part.map.adapter != nullptr) {
      start_adapter(part, x);
      up = lora_transposed_b(tape.arena(), *part.map.adapter);
    }
    const Parameter* bias = part.map.bias;
    const auto finish = [&](const Tile& tile) {
      if (up) lora_up(*part.map.adapter, part.down, up, tile, sum + part.column, width);
      finish_tile(tile, bias, activation, before ? before.data() + part.column : nullptr,
                  y.value().data() + part.column, width);
    };
    if (half) {
      gemm(x.rows(), part.map.outputs(), x.columns(), half.matrix(), half_weight(part.map, !part.map.transposed), 0.0F,
           sum + part.column, width, finish);
    } else {
      gemm(x.rows(), part.map.outputs(), x.columns(), 1.0F, {x.value().data(), x.columns(), false},
           weight_for_forward(part.map), 0.0F, sum + part.column, width, finish);
    }
  }
  if (y.needs_grad()) tape.record<LinearNode>(x, y, std::move(before), std::move(parts), maps.size());
  return y;
}

Variable linear(const Variable& x, Parameter& weight, Parameter* bias) {
  const LinearPart part{&weight, false, bias, nullptr};
  return linear(x, {&part, 1});
}

}  // namespace gpt
