// What llama.cpp's names of pre-tokenizers stand for (tokenizer.ggml.pre; llama.cpp, src/llama-vocab.cpp).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "gpt/io/gguf.h"
#include "text/spec.h"

namespace gpt::text {

/// A name stands for all that the original tokenizer.json says and a GGUF file does not.
struct GgufPreTokenizer {
  std::vector<NormalizerStep> normalizer;
  PreTokenizerSpec pre_tokenizer;
  PostProcessorSpec post_processor;
  bool ignore_merges = false;
  bool add_bos = false;
};

/// Error unsupported for a name we do not know. A file without a name, or with the name default, gets GPT-2's way and a
/// warning.
GgufPreTokenizer gguf_pre_tokenizer(const GgufFile& file);
/// And back: the name that stands for a byte-level tokenizer's way, where there is one.
std::optional<std::string_view> gguf_pre_tokenizer_name(const TokenizerSpec& spec);

}  // namespace gpt::text
