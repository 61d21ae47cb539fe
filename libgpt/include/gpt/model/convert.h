// Models from one format to another, a tensor at a time.
#pragma once

#include <filesystem>

#include "gpt/io/atomic_file.h"
#include "gpt/io/weight_source.h"

namespace gpt {

/// Fills a folder that Transformers reads: config.json, model.safetensors of f32, bf16 or f16 values, the tokenizer's
/// files. From a Hugging Face folder, task heads, generation_config.json and gptask.json come along; from a GGUF file
/// the class is the family's ForCausalLM. Errors: what opening throws; unsupported for an adapter (merge it first);
/// invalid_option for another type.
void convert_to_folder(const std::filesystem::path& model, StoredType type, AtomicFolder& folder);

struct GgufOptions {
  /// f32, f16, bf16, q8_0, q4_0 or q4_1. As in llama.cpp's converter, norms, biases and learned positions stay f32, and
  /// rows that blocks of 32 do not fill become f16; with q4_0 and q4_1 the output projection (the token embedding where
  /// tied) is q8_0.
  StoredType type = StoredType::f16;
  bool drop_head = false;  ///< leave a task head out, which GGUF cannot say
};

/// Writes a file that llama.cpp loads: weights, configuration, tokenizer and chat template. Errors: what opening
/// throws; unsupported for an adapter, a task head (unless dropped), a model without its output projection or a
/// tokenizer that llama.cpp has no name for; mismatch where the tokenizer has more tokens than the model.
void convert_to_gguf(const std::filesystem::path& model, const GgufOptions& options, ByteSink& sink);

}  // namespace gpt
