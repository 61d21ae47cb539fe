// Options and prompts that make no sense, refused before any work.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gpt/generate/options.h"
#include "gpt/model/config.h"

namespace gpt {

/// Errors invalid_option and mismatch, as generate promises.
void check_generate(const GenerateOptions& options, std::span<const std::vector<std::int32_t>> prompts,
                    const ModelConfig& config);

/// The options' end tokens, each once; the model's, if its vocabulary has it, where they do not say.
std::vector<std::int32_t> end_tokens_of(const GenerateOptions& options, const ModelConfig& config);

}  // namespace gpt
