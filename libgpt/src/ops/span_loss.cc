#include <algorithm>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/ops/loss.h"
#include "gpt/tensor/parallel.h"
#include "kernels/softmax.h"
#include "ops/loss_node.h"

namespace gpt {
namespace {

void check(const Variable& logits, std::span<const std::int32_t> offsets, std::span<const TokenSpan> spans) {
  if (offsets.size() != spans.size() + 1 || logits.columns() != 2 || logits.rows() != offsets.back())
    fail(ErrorCode::mismatch, "{} spans and logits of [{}, {}] for sequences that start at the tokens {}", spans.size(),
         logits.rows(), logits.columns(), fmt::join(offsets, ", "));
  for (std::size_t s = 0; s < spans.size(); ++s) {
    const auto [first, last] = spans[s];
    const std::int32_t length = offsets[s + 1] - offsets[s];
    if (first != -1 && (first < 0 || last < first || last >= length))
      fail(ErrorCode::mismatch, "the span from token {} to token {} does not lie in sequence {} of {} tokens", first,
           last, s, length);
  }
}

/// Cross entropy of one column over a sequence's tokens; its gradient times scale goes to the same column of `grad`.
double column_loss(const float* logits, std::int64_t length, std::int32_t target, float scale, float* grad) {
  std::vector<float> column(static_cast<std::size_t>(length));
  for (std::size_t t = 0; t < column.size(); ++t) column[t] = logits[2 * t];
  const float at_target = column[static_cast<std::size_t>(target)];
  const kernels::LogSum sum = kernels::softmax(length, column.data());
  for (std::size_t t = 0; grad != nullptr && t < column.size(); ++t)
    grad[2 * t] = scale * (column[t] - (t == static_cast<std::size_t>(target) ? 1.0F : 0.0F));
  return static_cast<double>(sum.log_sum - (at_target - sum.top));
}

}  // namespace

Variable span_cross_entropy(const Variable& logits, std::span<const std::int32_t> offsets,
                            std::span<const TokenSpan> spans, float scale) {
  check(logits, offsets, spans);
  Tensor grad;
  if (logits.needs_grad()) grad = logits.tape().empty(logits.rows(), 2);
  std::vector<double> losses(spans.size());
  parallel_for(static_cast<std::int64_t>(spans.size()), [&](std::int64_t sequence) {
    const auto s = static_cast<std::size_t>(sequence);
    const std::int64_t first = offsets[s], length = offsets[s + 1] - first;
    float* const to = grad ? grad.row(first) : nullptr;
    if (spans[s].first < 0) {
      if (grad) std::fill_n(to, 2 * length, 0.0F);
      return;
    }
    const float* const from = logits.value().row(first);
    losses[s] = column_loss(from, length, spans[s].first, scale / 2, to) / 2 +
                column_loss(from + 1, length, spans[s].last, scale / 2, grad ? to + 1 : nullptr) / 2;
  });
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return make_loss(logits, sum * static_cast<double>(scale), std::move(grad));
}

}  // namespace gpt
