// Tokenized examples become packed batches.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "gpt/ops/batch.h"

namespace gpt {

/// Of tokens and targets, in order: equal for the same data.
std::string hash_of(std::span<const Example> examples);

/// The examples with these indices, in this order.
Batch pack(std::span<const Example> examples, std::span<const std::uint32_t> indices);

}  // namespace gpt
