#include "gpt/data/example.h"

namespace gpt {

Batch pack(std::span<const Example> examples, std::span<const std::uint32_t> indices) {
  Batch batch;
  for (const std::uint32_t index : indices) batch.add(examples[index]);
  return batch;
}

}  // namespace gpt
