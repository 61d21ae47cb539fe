// How much memory generate() takes beside the weights, by formula.
#pragma once

#include <cstdint>
#include <span>

#include "gpt/generate/options.h"
#include "gpt/model/config.h"

namespace gpt {

/// Bytes of keys and values, activations and logits for prompts of these lengths, at their peak.
std::int64_t generation_bytes(const ModelConfig& config, std::span<const std::int64_t> prompts,
                              const GenerateOptions& options, int threads);

}  // namespace gpt
