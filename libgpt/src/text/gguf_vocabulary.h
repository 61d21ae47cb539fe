// The tokenizer of a spec as GGUF metadata.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gpt/io/gguf_writer.h"
#include "text/spec.h"

namespace gpt::text {

/// See Tokenizer::add_to_gguf.
void write_gguf_vocabulary(const TokenizerSpec& spec, std::int64_t rows, GgufMetadata& metadata);

/// What llama.cpp's name of a pre-tokenizer stands for (tokenizer.ggml.pre).
struct KnownPreTokenizer {
  std::string_view name;
  std::vector<Split> splits;
  bool use_regex;  ///< of GPT-2, after the splits
  Normalization normalization;
  bool ignore_merges, add_bos;
  bool byte_level, trim_offsets;  ///< the post-processor of the original tokenizer.json
};
std::span<const KnownPreTokenizer> known_pre_tokenizers();

}  // namespace gpt::text
