// Inference takes examples in batches of like length, the longest first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "gpt/core/error.h"
#include "gpt/data/example.h"

namespace gpt {

/// body(indices) for batches that cover the examples; progress(done) after each. Error invalid_option for a batch size
/// below 1.
template <typename Body, typename Progress>
void for_sorted_batches(std::span<const Example> examples, std::int64_t batch_size, const Progress& progress,
                        const Body& body) {
  if (batch_size < 1) fail(ErrorCode::invalid_option, "the batch size must be a positive number, not {}", batch_size);
  std::vector<std::uint32_t> order(examples.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return examples[a].tokens.size() > examples[b].tokens.size();
  });
  for (std::size_t first = 0; first < order.size(); first += static_cast<std::size_t>(batch_size)) {
    const std::size_t count = std::min(static_cast<std::size_t>(batch_size), order.size() - first);
    body(std::span<const std::uint32_t>(order.data() + first, count));
    if (progress) progress(first + count);
  }
}

}  // namespace gpt
