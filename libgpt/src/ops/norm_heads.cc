#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/ops/norm.h"
#include "kernels/norm.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

struct HeadNorms {
  std::int64_t heads, kv_heads, size;
  NormWeights query, key;

  std::int64_t normed() const { return heads + kv_heads; }
  const NormWeights& of(std::int64_t head) const { return head < heads ? query : key; }
};

class NormHeadsNode final : public Node {
 public:
  NormHeadsNode(Variable x, Gradient y, const HeadNorms& norms, Tensor moments)
      : x_(std::move(x)), y_(std::move(y)), norms_(norms), moments_(std::move(moments)) {}

  void backward() override {
    const Tensor& dy = y_.grad();
    if (!dy) return;
    const std::int64_t size = norms_.size;
    Tensor dx = x_.tape().empty(x_.rows(), x_.columns());
    Arena& arena = x_.tape().arena();
    const Tensor sums(arena, Shape::vector(2 * size));  // gradients of the two weights
    sum_rows(arena, x_.rows(), 2 * size, 0.0F, sums.data(), [&](std::int64_t row, std::int64_t rows, float* partial) {
      for (std::int64_t r = row; r < row + rows; ++r) backward_row(dy.row(r), r, dx.row(r), partial);
    });
    add_grad(*norms_.query.weight, arena, sums.data());
    add_grad(*norms_.key.weight, arena, sums.data() + size);
    if (x_.needs_grad()) add_grad(x_, std::move(dx));
  }

 private:
  void backward_row(const float* dy, std::int64_t row, float* dx, float* partial) const {
    const std::int64_t size = norms_.size, rest = norms_.normed() * size;
    const auto* moments = reinterpret_cast<const kernels::RowMoments*>(moments_.row(row));
    std::fill_n(dx, rest, 0.0F);
    for (std::int64_t h = 0; h < norms_.normed(); ++h)
      kernels::norm_backward(size, x_.value().row(row) + h * size, norms_.of(h).weight->value.data(), moments[h], false,
                             dy + h * size, dx + h * size, partial + (h < norms_.heads ? 0 : size), nullptr);
    std::copy(dy + rest, dy + x_.columns(), dx + rest);
  }

  Variable x_;
  Gradient y_;
  HeadNorms norms_;
  Tensor moments_;
};

}  // namespace

Variable norm_heads(const Variable& x, std::int64_t heads, std::int64_t kv_heads, const NormWeights& query,
                    const NormWeights& key) {
  const HeadNorms norms{heads, kv_heads, query.weight->value.size(), query, key};
  if (x.columns() != (heads + 2 * kv_heads) * norms.size || key.weight->value.size() != norms.size)
    fail(ErrorCode::mismatch, "{} and {} have {} and {} values; {} + 2 x {} heads of a row of {} do not fit",
         query.weight->name, key.weight->name, norms.size, key.weight->value.size(), heads, kv_heads, x.columns());
  Tape& tape = x.tape();
  Variable y = tape.variable(tape.empty(x.rows(), x.columns()),
                             x.needs_grad() || query.weight->trainable || key.weight->trainable);
  constexpr std::int64_t kMoments = sizeof(kernels::RowMoments) / sizeof(float);
  Tensor moments = tape.empty(x.rows(), norms.normed() * kMoments);
  for_rows(x.value(), [&](std::int64_t row, std::int64_t rows) {
    for (std::int64_t r = row; r < row + rows; ++r) {
      const float* const from = x.value().row(r);
      float* const to = y.value().row(r);
      auto* const kept = reinterpret_cast<kernels::RowMoments*>(moments.row(r));
      for (std::int64_t h = 0; h < norms.normed(); ++h)
        kept[h] = kernels::rms_norm(norms.size, from + h * norms.size, norms.of(h).weight->value.data(),
                                    norms.of(h).epsilon, to + h * norms.size);
      std::copy(from + norms.normed() * norms.size, from + x.columns(), to + norms.normed() * norms.size);
    }
  });
  if (y.needs_grad()) tape.record<NormHeadsNode>(x, y, norms, std::move(moments));
  return y;
}

}  // namespace gpt
