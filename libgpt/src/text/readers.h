// The file formats a tokenizer is read from, and metadata of GGUF that it is written to.
#pragma once

#include <filesystem>
#include <string>

#include "gpt/io/gguf_writer.h"
#include "text/spec.h"

namespace gpt::text {

/// tokenizer.json of the tokenizers library (huggingface/tokenizers; its fields are those of the library's types).
/// Truncation and padding are not the tokenizer's business here and are ignored. Errors: malformed; unsupported for a
/// part we do not know.
TokenizerSpec read_tokenizer_json(const std::filesystem::path& path);
/// The same from its text; `source` opens every message.
TokenizerSpec parse_tokenizer_json(std::string text, const std::string& source);

/// vocab.json and merges.txt as GPT-2 came with them, and added_tokens.json where there is one. tokenizer_config.json
/// may name the class (unsupported, unless GPT-2's or Qwen2's) and added tokens.
TokenizerSpec read_vocab_and_merges(const std::filesystem::path& folder);

/// The tokenizer inside a GGUF file of the kinds gpt2 and llama (ggml-org/ggml, docs/gguf.md). Errors: not_found if it
/// holds none; malformed; unsupported for another kind or pre-tokenizer.
TokenizerSpec read_gguf_vocabulary(const std::filesystem::path& path);
/// See Tokenizer::add_to_gguf.
void write_gguf_vocabulary(const TokenizerSpec& spec, std::int64_t rows, GgufMetadata& metadata);

/// Adds what stands beside: tokenizer_config.json, special_tokens_map.json, chat_template.jinja. Absent files are fine.
void read_config(const std::filesystem::path& folder, TokenizerSpec& spec);

}  // namespace gpt::text
