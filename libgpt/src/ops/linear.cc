#include "gpt/ops/linear.h"

#include <algorithm>
#include <array>

#include "gpt/core/error.h"
#include "kernels/dropout.h"
#include "kernels/elementwise.h"
#include "kernels/small_gemm.h"
#include "ops/lora.h"
#include "ops/products.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

constexpr std::size_t kMaxParts = 3;  // query, key and value

/// One part as the operation keeps it.
struct Part {
  LinearPart map;
  std::int64_t column = 0;  // where its outputs start
  Tensor down;              // the adapter's [tokens, rank]
  kernels::DropoutKey key;  // of the adapter's dropout
};

Tensor apply_dropout(Tape& tape, const Tensor& x, float p, const kernels::DropoutKey& key) {
  Tensor out = tape.empty(x.rows(), x.columns());
  for_rows(x, [&](std::int64_t row, std::int64_t rows) {
    kernels::dropout(rows * x.columns(), p, key, static_cast<std::uint64_t>(row * x.columns()), x.row(row),
                     out.row(row));
  });
  return out;
}

void activate(Activation activation, std::int64_t n, const float* x, float* y) {
  if (activation == Activation::gelu_erf) return kernels::gelu_erf(n, x, y);
  kernels::gelu(n, x, y);
}

class LinearNode final : public Node {
 public:
  LinearNode(Kept x, Gradient y, Tensor before, Activation activation, std::array<Part, kMaxParts> parts,
             std::size_t count)
      : x_(std::move(x)),
        y_(std::move(y)),
        before_(std::move(before)),
        activation_(activation),
        parts_(std::move(parts)),
        count_(count) {}

  void backward() override {
    Tensor dy = y_.grad();
    if (!dy) return;
    if (before_) dy = through_activation(dy);
    Half half, half_x;
    if (!parts_[0].map.weight->half.empty()) half = Half(x_.tape().arena(), dy);
    const auto trained = [](const Part& part) { return part.map.weight != nullptr && part.map.weight->trainable; };
    const bool weights = std::any_of(parts_.begin(), parts_.end(), trained);
    const bool adapters =
        std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.map.adapter != nullptr; });
    const Tensor x = weights || adapters ? x_.value() : Tensor();
    if (half && weights) half_x = Half(x_.tape().arena(), x);
    for (std::size_t i = 0; i < count_; ++i) weight_gradients(parts_[i], {dy, half, parts_[i].column}, x, half_x);
    half_x = Half();
    for (std::size_t i = 0; i < count_; ++i) input_gradient(parts_[i], {dy, half, parts_[i].column}, x);
  }

  Tensor make_again() const override {
    Tensor y = x_.tape().empty(before_.rows(), before_.columns());
    for_rows(y, [&](std::int64_t row, std::int64_t rows) {
      activate(activation_, rows * y.columns(), before_.row(row), y.row(row));
    });
    return y;
  }

 private:
  Tensor through_activation(const Tensor& dy) const {
    Tensor dx = x_.tape().empty(dy.rows(), dy.columns());
    for_rows(dy, [&](std::int64_t row, std::int64_t rows) {
      const auto backward = activation_ == Activation::gelu_erf ? kernels::gelu_erf_backward : kernels::gelu_backward;
      backward(rows * dy.columns(), before_.row(row), dy.row(row), dx.row(row));
    });
    return dx;
  }

  void weight_gradients(const Part& part, const OutputGradient& gradient, const Tensor& x, const Half& half_x) const {
    Arena& arena = x_.tape().arena();
    if (part.map.weight->trainable) add_weight_gradient(arena, gradient, part.map, x, half_x);
    Parameter* const bias = part.map.bias;
    if (bias == nullptr || !bias->trainable) return;
    const std::int64_t outputs = part.map.outputs();
    const GradTarget sums = grad_target(*bias, arena);
    sum_rows(arena, x_.rows(), outputs, sums.beta, sums.data, [&](std::int64_t row, std::int64_t rows, float* sum) {
      for (std::int64_t r = row; r < row + rows; ++r)
        kernels::add(outputs, sum, gradient.dy.row(r) + gradient.column, sum);
    });
  }

  void input_gradient(const Part& part, const OutputGradient& gradient, const Tensor& x) const {
    const LowRank* adapter = part.map.adapter;
    const Tensor& dy = gradient.dy;
    const bool dropped = adapter != nullptr && adapter->dropout > 0.0F;
    Tensor dh;
    if (adapter != nullptr) {
      const Tensor input = dropped ? apply_dropout(x_.tape(), x, adapter->dropout, part.key) : x;
      dh = lora_backward(x_.tape().arena(), *adapter, input, part.down, dy.data() + part.column, dy.columns());
    }
    if (!x_.needs_grad()) return;
    const GradTarget dx = grad_target(x_);
    multiply_back(gradient, part.map, dx.beta, dx.data, [&](const Tile& tile) {
      if (adapter != nullptr && !dropped) lora_input_gradient(*adapter, dh, tile, dx.data);
    });
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

  Kept x_;
  Gradient y_;
  Tensor before_;  // what the activation saw; empty where there is none
  Activation activation_;
  std::array<Part, kMaxParts> parts_;
  std::size_t count_;
};

/// x a' of a part's adapter, kept for the way back.
void start_adapter(Part& part, const Variable& x) {
  const LowRank& adapter = *part.map.adapter;
  Tape& tape = x.tape();
  Tensor input = x.value();
  if (adapter.dropout > 0.0F && tape.recording()) {
    part.key = {tape.seed(), tape.step(), tape.next_random_stream()};
    input = apply_dropout(tape, x.value(), adapter.dropout, part.key);
  }
  part.down = lora_down(tape.arena(), adapter, input);
}

/// Bias and activation of a tile while it is in the cache.
void finish_tile(const Tile& tile, const Parameter* bias, Activation activation, float* before, float* y,
                 std::int64_t row_size) {
  for (std::int64_t r = tile.row; r < tile.row + tile.rows; ++r) {
    float* const sum = (before != nullptr ? before : y) + r * row_size + tile.column;
    if (bias != nullptr) kernels::add(tile.columns, sum, bias->value.data() + tile.column, sum);
    if (activation != Activation::none) activate(activation, tile.columns, sum, y + r * row_size + tile.column);
  }
}

bool trains(const LinearPart& part) {
  const auto on = [](const Parameter* p) { return p != nullptr && p->trainable; };
  return on(part.weight) || on(part.bias) || (part.adapter != nullptr && (on(part.adapter->a) || on(part.adapter->b)));
}

/// Whether the way back needs what went in.
bool reads_input(const LinearPart& part) { return part.weight->trainable || part.adapter != nullptr; }

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
  check_precision(maps);
  Tape& tape = x.tape();
  std::array<Part, kMaxParts> parts;
  std::array<Tensor, kMaxParts> up;  // the adapters' transposed b
  std::int64_t width = 0;
  bool wanted = x.needs_grad();
  for (std::size_t i = 0; i < maps.size(); ++i) {
    check(maps[i], x);
    parts[i].map = maps[i];
    parts[i].column = width;
    width += maps[i].outputs();
    wanted = wanted || trains(maps[i]);
    if (maps[i].adapter == nullptr) continue;
    start_adapter(parts[i], x);
    up[i] = lora_transposed_b(tape.arena(), *maps[i].adapter);
  }
  Variable y = tape.variable(tape.empty(x.rows(), width), wanted);
  if (y.needs_grad() && maps[0].weight->quantized != nullptr)
    fail(ErrorCode::unsupported, "{} is held in few bits: there is no way back through it; load the model in float32",
         maps[0].weight->name);
  // The activation's input is kept where there is a way back, else it is overwritten in place.
  Tensor before;
  if (activation != Activation::none && y.needs_grad()) before = tape.empty(x.rows(), width);
  float* const sum = before ? before.data() : y.value().data();
  multiply(tape.arena(), x.value(), maps, sum, width, [&](std::size_t i, const Tile& tile) {
    const Part& part = parts[i];
    if (up[i]) lora_up(*part.map.adapter, part.down, up[i], tile, sum + part.column, width);
    finish_tile(tile, part.map.bias, activation, before ? before.data() + part.column : nullptr,
                y.value().data() + part.column, width);
  });
  if (!y.needs_grad()) return y;
  const Kept input(x, std::any_of(maps.begin(), maps.end(), [](const LinearPart& map) { return reads_input(map); }));
  if (before) {
    tape.record_maker<LinearNode>(y, input, y, std::move(before), activation, std::move(parts), maps.size());
  } else {
    tape.record<LinearNode>(input, y, std::move(before), activation, std::move(parts), maps.size());
  }
  return y;
}

Variable linear(const Variable& x, Parameter& weight, Parameter* bias) {
  const LinearPart part{&weight, false, bias, nullptr};
  return linear(x, {&part, 1});
}

}  // namespace gpt
