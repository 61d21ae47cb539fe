#include "gpt/data/example.h"

namespace gpt {

void Batch::add(const Example& example) {
  tokens.insert(tokens.end(), example.tokens.begin(), example.tokens.end());
  offsets.push_back(static_cast<std::int32_t>(tokens.size()));
  targets.push_back(example.target);
}

void Batch::clear() {
  tokens.clear();
  offsets.assign(1, 0);
  targets.clear();
}

Batch pack(std::span<const Example> examples, std::span<const std::uint32_t> indices) {
  Batch batch;
  for (const std::uint32_t index : indices) batch.add(examples[index]);
  return batch;
}

}  // namespace gpt
