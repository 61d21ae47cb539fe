#include "gpt/ops/embedding.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "gpt/core/error.h"
#include "kernels/dropout.h"
#include "kernels/elementwise.h"
#include "ops/rowwise.h"

namespace gpt {
namespace {

std::vector<std::int32_t> positions_of(const Batch& batch) {
  std::vector<std::int32_t> positions(batch.tokens.size());
  for (std::int32_t s = 0; s < batch.sequences(); ++s)
    std::iota(positions.begin() + batch.offsets[static_cast<std::size_t>(s)],
              positions.begin() + batch.offsets[static_cast<std::size_t>(s) + 1], batch.past_of(s));
  return positions;
}

void check(const Batch& batch, const Parameter& tokens, const Parameter* positions) {
  const std::int64_t vocabulary = tokens.value.rows();
  for (const std::int32_t id : batch.tokens)
    if (id < 0 || id >= vocabulary)
      fail(ErrorCode::mismatch, "token id {} is outside the model's vocabulary of {}", id, vocabulary);
  if (positions != nullptr && positions->value.columns() != tokens.value.columns())
    fail(ErrorCode::mismatch, "{} has {} columns, {} has {}", positions->name, positions->value.columns(), tokens.name,
         tokens.value.columns());
  batch.check_past();
  for (std::int32_t s = 0; positions != nullptr && s < batch.sequences(); ++s)
    if (batch.past_of(s) + batch.length(s) > positions->value.rows())
      fail(ErrorCode::mismatch, "a sequence of {} tokens is longer than the model's context of {}",
           batch.past_of(s) + batch.length(s), positions->value.rows());
}

/// Adds gradient rows to a table's rows, grouped by index, each group in the order of the tokens.
void scatter(Parameter& table, Arena& arena, const std::vector<std::int32_t>& index, const Tensor& grad) {
  if (grad_target(table, arena).beta == 0.0F)
    for_rows(table.grad, [&](std::int64_t row, std::int64_t rows) {
      std::fill_n(table.grad.row(row), rows * table.grad.columns(), 0.0F);
    });
  std::vector<std::int32_t> order(index.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return index[static_cast<std::size_t>(a)] < index[static_cast<std::size_t>(b)];
  });
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < order.size(); ++i)
    if (i == 0 || index[static_cast<std::size_t>(order[i])] != index[static_cast<std::size_t>(order[i - 1])])
      starts.push_back(i);
  starts.push_back(order.size());
  parallel_for(static_cast<std::int64_t>(starts.size()) - 1, [&](std::int64_t group) {
    const auto g = static_cast<std::size_t>(group);
    for (std::size_t i = starts[g]; i < starts[g + 1]; ++i) {
      float* const to = table.grad.row(index[static_cast<std::size_t>(order[i])]);
      kernels::add(grad.columns(), to, grad.row(order[i]), to);
    }
  });
}

class EmbeddingNode final : public Node {
 public:
  EmbeddingNode(Gradient y, const Batch& batch, Parameter& tokens, Parameter* positions, float dropout,
                const kernels::DropoutKey& key)
      : y_(std::move(y)), batch_(batch), tokens_(tokens), positions_(positions), dropout_(dropout), key_(key) {}

  void backward() override {
    Tensor grad = y_.grad();
    if (!grad) return;
    if (dropout_ > 0.0F) {
      const Tensor dy = std::exchange(grad, y_.tape().empty(grad.rows(), grad.columns()));
      for_rows(dy, [&](std::int64_t row, std::int64_t rows) {
        kernels::dropout(rows * dy.columns(), dropout_, key_, static_cast<std::uint64_t>(row * dy.columns()),
                         dy.row(row), grad.row(row));
      });
    }
    Arena& arena = y_.tape().arena();
    if (tokens_.trainable) scatter(tokens_, arena, batch_.tokens, grad);
    if (positions_ != nullptr && positions_->trainable) scatter(*positions_, arena, positions_of(batch_), grad);
  }

 private:
  Gradient y_;
  const Batch& batch_;
  Parameter& tokens_;
  Parameter* positions_;
  float dropout_;
  kernels::DropoutKey key_;
};

}  // namespace

Variable embedding(Tape& tape, const Batch& batch, Parameter& tokens, Parameter* positions, float dropout) {
  check(batch, tokens, positions);
  const std::int64_t n = tokens.value.columns();
  const bool wanted = tokens.trainable || (positions != nullptr && positions->trainable);
  Variable y = tape.variable(tape.empty(batch.token_count(), n), wanted);
  const float p = tape.recording() ? dropout : 0.0F;
  const kernels::DropoutKey key =
      p > 0.0F ? kernels::DropoutKey{tape.seed(), tape.step(), tape.next_random_stream()} : kernels::DropoutKey{};
  const std::vector<std::int32_t> position = positions != nullptr ? positions_of(batch) : std::vector<std::int32_t>();
  for_rows(y.value(), [&](std::int64_t row, std::int64_t rows) {
    for (std::int64_t r = row; r < row + rows; ++r) {
      float* const out = y.value().row(r);
      const float* const word = tokens.value.row(batch.tokens[static_cast<std::size_t>(r)]);
      if (positions != nullptr) {
        kernels::add(n, word, positions->value.row(position[static_cast<std::size_t>(r)]), out);
      } else {
        std::copy_n(word, n, out);
      }
    }
    if (p > 0.0F)
      kernels::dropout(rows * n, p, key, static_cast<std::uint64_t>(row * n), y.value().row(row), y.value().row(row));
  });
  if (y.needs_grad()) tape.record<EmbeddingNode>(y, batch, tokens, positions, p, key);
  return y;
}

}  // namespace gpt
