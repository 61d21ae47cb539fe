// Tokenized examples become packed batches.
#pragma once

#include <cstdint>
#include <span>

#include "gpt/ops/batch.h"

namespace gpt {

/// The examples with these indices, in this order.
Batch pack(std::span<const Example> examples, std::span<const std::uint32_t> indices);

}  // namespace gpt
