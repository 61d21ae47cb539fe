#include "gpt/ops/pool.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "kernels/elementwise.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

/// The rows a sequence's answer is the mean of: all of them, or the last alone.
struct Rows {
  std::int64_t first, count;
};

Rows rows_of(const Batch& batch, std::int64_t sequence, bool last_only) {
  const std::int64_t begin = batch.offsets[static_cast<std::size_t>(sequence)],
                     end = batch.offsets[static_cast<std::size_t>(sequence) + 1];
  return last_only ? Rows{end - 1, 1} : Rows{begin, end - begin};
}

class PoolNode final : public Node {
 public:
  PoolNode(Gradient x, Gradient y, const Batch& batch, bool last_only)
      : x_(std::move(x)), y_(std::move(y)), batch_(batch), last_only_(last_only) {}

  void backward() override {
    const Tensor& dy = y_.grad();
    if (!dy) return;
    const std::int64_t n = dy.columns();
    Tensor dx = x_.tape().empty(x_.rows(), n);
    parallel_for(dy.rows(), [&](std::int64_t s) {
      const Rows all = rows_of(batch_, s, false), used = rows_of(batch_, s, last_only_);
      std::fill_n(dx.row(all.first), all.count * n, 0.0F);
      for (std::int64_t r = used.first; r < used.first + used.count; ++r)
        kernels::scale(n, 1.0F / static_cast<float>(used.count), dy.row(s), dx.row(r));
    });
    add_grad(x_, std::move(dx));
  }

 private:
  Gradient x_, y_;
  const Batch& batch_;
  bool last_only_;
};

Variable pool(const Variable& x, const Batch& batch, bool last_only) {
  for (std::int32_t s = 0; s < batch.sequences(); ++s)
    if (batch.length(s) == 0) fail(ErrorCode::mismatch, "sequence {} of a batch has no token", s);
  if (x.rows() == batch.sequences()) return x;
  if (x.rows() != batch.token_count())
    fail(ErrorCode::mismatch, "{} rows for a batch of {} tokens in {} sequences", x.rows(), batch.token_count(),
         batch.sequences());
  Tape& tape = x.tape();
  const std::int64_t n = x.columns();
  Variable y = tape.variable(tape.empty(batch.sequences(), n), x.needs_grad());
  parallel_for(batch.sequences(), [&](std::int64_t s) {
    const Rows rows = rows_of(batch, s, last_only);
    std::fill_n(y.value().row(s), n, 0.0F);
    for (std::int64_t r = rows.first; r < rows.first + rows.count; ++r)
      kernels::add_scaled(n, 1.0F / static_cast<float>(rows.count), x.value().row(r), y.value().row(s));
  });
  if (y.needs_grad()) tape.record<PoolNode>(x, y, batch, last_only);
  return y;
}

}  // namespace

Variable pool_last(const Variable& states, const Batch& batch) { return pool(states, batch, true); }
Variable mean_pool(const Variable& states, const Batch& batch) { return pool(states, batch, false); }

}  // namespace gpt
