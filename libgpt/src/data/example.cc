#include "gpt/data/example.h"

#include <array>

#include "gpt/core/hash.h"

namespace gpt {

std::string hash_of(std::span<const Example> examples) {
  Hasher hasher;
  for (const Example& e : examples) {
    const std::array<std::int32_t, 5> numbers{static_cast<std::int32_t>(e.tokens.size()), e.target.label,
                                              e.target.first, e.target.last, e.target.loss_from};
    hasher.update(numbers.data(), sizeof(numbers));
    hasher.update(e.tokens.data(), e.tokens.size() * sizeof(std::int32_t));
    hasher.update(e.target.values.data(), e.target.values.size() * sizeof(float));
    hasher.update(e.starts.data(), e.starts.size() * sizeof(std::int32_t));
  }
  return hasher.digest();
}

Batch pack(std::span<const Example> examples, std::span<const std::uint32_t> indices) {
  Batch batch;
  for (const std::uint32_t index : indices) batch.add(examples[index]);
  return batch;
}

}  // namespace gpt
