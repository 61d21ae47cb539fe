#include "ops/products.h"

#include "gpt/core/error.h"
#include "gpt/tensor/parallel.h"
#include "tensor/quantized.h"

namespace gpt {
namespace {

using Finish = std::function<void(std::size_t, const Tile&)>;

Matrix weight_of(const LinearPart& map, bool transposed) {
  return {map.weight->value.data(), map.weight->value.columns(), transposed};
}
HalfMatrix half_weight(const LinearPart& map, bool transposed) {
  return {map.weight->half.data(), map.weight->value.columns(), transposed};
}

/// All groups of all parts in one parallel region: with one row, starting threads costs as much as a product.
void multiply_quantized(Arena& arena, const Tensor& x, std::span<const LinearPart> maps, float* y, std::int64_t width,
                        const Finish& finish) {
  const QuantizedRows rows(arena, x);
  constexpr std::int64_t kGroups = 6;  // of a task: 96 outputs
  const auto tasks = [](const LinearPart& map) { return (map.weight->quantized->groups() + kGroups - 1) / kGroups; };
  std::int64_t count = 0;
  for (const LinearPart& map : maps) count += tasks(map);
  parallel_for(count, [&](std::int64_t task) {
    std::size_t part = 0;
    std::int64_t column = 0;
    for (; task >= tasks(maps[part]); ++part) {
      task -= tasks(maps[part]);
      column += maps[part].outputs();
    }
    const QuantizedMatrix& weight = *maps[part].weight->quantized;
    const std::int64_t first = task * kGroups, last = std::min(first + kGroups, weight.groups());
    weight.multiply(first, last - first, rows.input(), y + column, width);
    const std::int64_t begin = first * kernels::kQuantRows,
                       end = std::min(last * kernels::kQuantRows, weight.outputs());
    finish(part, {0, x.rows(), begin, end - begin});
  });
}

}  // namespace

void check_precision(std::span<const LinearPart> maps) {
  for (const LinearPart& map : maps)
    if (map.weight->half.empty() != maps[0].weight->half.empty() ||
        (map.weight->quantized == nullptr) != (maps[0].weight->quantized == nullptr))
      fail(ErrorCode::mismatch, "{} and {} must be held in the same precision", maps[0].weight->name, map.weight->name);
}

void multiply(Arena& arena, const Tensor& x, std::span<const LinearPart> maps, float* y, std::int64_t width,
              const Finish& finish) {
  if (maps[0].weight->quantized != nullptr) return multiply_quantized(arena, x, maps, y, width, finish);
  Half half;
  if (!maps[0].weight->half.empty()) half = Half(arena, x);
  std::int64_t column = 0;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const LinearPart& map = maps[i];
    const auto done = [&](const Tile& tile) { finish(i, tile); };
    if (half) {
      gemm(x.rows(), map.outputs(), x.columns(), half.matrix(), half_weight(map, !map.transposed), 0.0F, y + column,
           width, done);
    } else {
      gemm(x.rows(), map.outputs(), x.columns(), 1.0F, {x.data(), x.columns(), false}, weight_of(map, !map.transposed),
           0.0F, y + column, width, done);
    }
    column += map.outputs();
  }
}

void multiply_back(const OutputGradient& gradient, const LinearPart& map, float beta, float* dx,
                   const std::function<void(const Tile&)>& finish) {
  const std::int64_t tokens = gradient.dy.rows(), inputs = map.inputs();
  if (gradient.half) {
    gemm(tokens, inputs, map.outputs(), gradient.half.matrix(0, gradient.column), half_weight(map, map.transposed),
         beta, dx, inputs, finish);
  } else {
    gemm(tokens, inputs, map.outputs(), 1.0F, {gradient.dy.data() + gradient.column, gradient.dy.columns(), false},
         weight_of(map, map.transposed), beta, dx, inputs, finish);
  }
}

void add_weight_gradient(Arena& arena, const OutputGradient& gradient, const LinearPart& map, const Tensor& x,
                         const Half& half_x) {
  const std::int64_t inputs = map.inputs(), outputs = map.outputs(), width = gradient.dy.columns();
  const auto [grad, beta] = grad_target(*map.weight, arena);
  if (gradient.half) {
    const std::int64_t tokens = half_padded(x.rows());
    if (map.transposed) {
      gemm(inputs, outputs, tokens, half_x.matrix(0, 0, true), gradient.half.matrix(0, gradient.column), beta, grad,
           outputs);
    } else {
      gemm(outputs, inputs, tokens, gradient.half.matrix(0, gradient.column, true), half_x.matrix(), beta, grad,
           inputs);
    }
    return;
  }
  const float* const dy = gradient.dy.data() + gradient.column;
  if (map.transposed) {
    gemm(inputs, outputs, x.rows(), 1.0F, {x.data(), inputs, true}, {dy, width, false}, beta, grad, outputs);
  } else {
    gemm(outputs, inputs, x.rows(), 1.0F, {dy, width, true}, {x.data(), inputs, false}, beta, grad, inputs);
  }
}

}  // namespace gpt
