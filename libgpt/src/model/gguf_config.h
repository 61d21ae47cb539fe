// GGUF metadata of a model, under its architecture's prefix ("llama.block_count").
#pragma once

#include <string>
#include <string_view>

#include "gpt/io/gguf.h"
#include "gpt/model/config.h"

namespace gpt {

/// "block_count" of a llama: "llama.block_count".
std::string gguf_key(const GgufFile& file, std::string_view key);
std::int64_t gguf_size(const GgufFile& file, std::string_view key);  ///< required; 1 to 2^31 - 1
std::int64_t gguf_size_or(const GgufFile& file, std::string_view key, std::int64_t otherwise);
double gguf_number_or(const GgufFile& file, std::string_view key, double otherwise);
bool gguf_flag_or(const GgufFile& file, std::string_view key, bool otherwise);
/// Vocabulary and special tokens, as every family has them.
void read_gguf_vocabulary(const GgufFile& file, ModelConfig& config);
/// What every family has: sizes, heads, context. `hidden` etc. of `config`.
void read_gguf_sizes(const GgufFile& file, ModelConfig& config);
/// Error unsupported for metadata that changes the arithmetic in ways no family here has: experts, scaled positions,
/// capped logits, ...
void refuse_gguf_variants(const GgufFile& file);

}  // namespace gpt
