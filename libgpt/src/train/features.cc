#include "gpt/train/features.h"

#include <algorithm>

#include "gpt/model/decoder.h"
#include "gpt/ops/pool.h"
#include "gpt/tensor/parallel.h"
#include "train/sorted_batches.h"

namespace gpt {
namespace {

std::int64_t rows_of(const Example& example, Head::Reads reads) {
  return static_cast<std::int64_t>(reads == Head::Reads::tokens ? example.tokens.size() : example.starts.size() + 1);
}

}  // namespace

std::int64_t Features::bytes(const Decoder& decoder, const Head& head, std::span<const Example> examples) {
  std::int64_t rows = 0;
  for (const Example& example : examples) rows += rows_of(example, head.reads());
  return rows * decoder.config().hidden * static_cast<std::int64_t>(sizeof(float));
}

Features::Features(const Decoder& decoder, const Head& head, std::span<const Example> examples, std::int64_t batch_size,
                   Threads& threads, const std::function<void(std::size_t)>& progress)
    : first_{0} {
  const Head::Reads reads = head.reads();
  for (const Example& example : examples) first_.push_back(first_.back() + rows_of(example, reads));
  const std::int64_t n = decoder.config().hidden;
  rows_ = Tensor::zeros(Shape::matrix(first_.back(), n));
  threads.run([&] {
    Arena arena;
    for_sorted_batches(examples, batch_size, progress, [&](std::span<const std::uint32_t> indices) {
      const Batch batch = pack(examples, indices);
      Tape tape(arena, false);
      Variable states = decoder.forward(tape, batch, head.state_rows()).states;
      if (reads == Head::Reads::mean) states = mean_pool(states, batch);
      std::int64_t row = 0;
      for (const std::uint32_t i : indices) {
        const std::int64_t rows = first_[i + 1] - first_[i];
        std::copy_n(states.value().row(row), rows * n, rows_.row(first_[i]));
        row += rows;
      }
    });
  });
}

Hidden Features::hidden(Tape& tape, std::span<const std::uint32_t> indices) const {
  std::int64_t rows = 0;
  for (const std::uint32_t i : indices) rows += first_[i + 1] - first_[i];
  const Tensor states = tape.empty(rows, rows_.columns());
  float* out = states.data();
  for (const std::uint32_t i : indices)
    out = std::copy_n(rows_.row(first_[i]), (first_[i + 1] - first_[i]) * rows_.columns(), out);
  return {tape.variable(states, false)};
}

}  // namespace gpt
