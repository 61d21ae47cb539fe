// A Llama of a few thousand random weights with a byte-level tokenizer, as a Hugging Face folder; and files of toy
// reviews.
#pragma once

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "gpt/model/decoder.h"
#include "gpt/model/files.h"

namespace gpt::test {

/// The character that byte-level BPE writes for a byte (GPT-2's bytes_to_unicode), as UTF-8.
inline std::string byte_symbol(int byte) {
  const auto printable = [](int b) {
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  };
  int code = byte;
  if (!printable(byte)) {
    code = 256;
    for (int other = 0; other < byte; ++other) code += printable(other) ? 0 : 1;
  }
  if (code < 128) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
}

/// tokenizer.json with a token a byte, "<|endoftext|>" (256) and "<|extra|>" (257).
inline void write_tiny_tokenizer(const std::filesystem::path& folder) {
  nlohmann::json vocabulary;
  for (int byte = 0; byte < 256; ++byte) vocabulary[byte_symbol(byte)] = byte;
  const nlohmann::json level = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  nlohmann::json added = nlohmann::json::array();
  for (const auto& [id, content] : {std::pair(256, "<|endoftext|>"), std::pair(257, "<|extra|>")})
    added.push_back({{"id", id},
                     {"content", content},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  const nlohmann::json model = {{"type", "BPE"},
                                {"dropout", nullptr},
                                {"unk_token", nullptr},
                                {"continuing_subword_prefix", ""},
                                {"end_of_word_suffix", ""},
                                {"fuse_unk", false},
                                {"byte_fallback", false},
                                {"ignore_merges", false},
                                {"vocab", vocabulary},
                                {"merges", nlohmann::json::array()}};
  const nlohmann::json tokenizer = {{"version", "1.0"},          {"truncation", nullptr}, {"padding", nullptr},
                                    {"added_tokens", added},     {"normalizer", nullptr}, {"pre_tokenizer", level},
                                    {"post_processor", nullptr}, {"decoder", level},      {"model", model}};
  std::ofstream(folder / "tokenizer.json") << tokenizer.dump(1);
  std::ofstream(folder / "tokenizer_config.json")
      << nlohmann::json{{"tokenizer_class", "PreTrainedTokenizerFast"}, {"eos_token", "<|endoftext|>"}}.dump(1);
}

/// `change` may alter the weights before they are written.
inline void write_tiny_model(const std::filesystem::path& folder, std::uint64_t seed = 1,
                             const std::function<void(Decoder&)>& change = {}) {
  std::filesystem::create_directories(folder);
  ModelConfig config;
  config.family = "llama";
  config.vocabulary = 258;
  config.hidden = 32;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_size = 8;
  config.intermediate = 64;
  config.context = 64;
  config.norm = NormKind::rms_norm;
  config.mlp = MlpKind::silu_gated;
  config.rope_theta = 10000.0F;
  config.tied_embeddings = true;
  config.bos = config.eos = 256;
  const auto decoder = Decoder::create(config, seed);
  if (change) change(*decoder);
  save_model(*decoder, {}, folder, "ForCausalLM");
  write_tiny_tokenizer(folder);
}

/// `count` rows of "text,label", good and bad in turn; `salt` varies the texts.
inline void write_reviews(const std::filesystem::path& file, int count, int salt = 0) {
  static constexpr std::array<const char*, 4> good = {"good", "great", "fine", "lovely"},
                                              bad = {"bad", "awful", "poor", "dull"};
  std::ofstream output(file);
  output << "text,label\n";
  for (int i = 0; i < count; ++i) {
    const auto word = static_cast<std::size_t>(i / 2 + salt) % 4;
    output << "film " << i * 7 + salt << " is " << (i % 2 == 0 ? good[word] : bad[word]) << ','
           << (i % 2 == 0 ? "fresh" : "rotten") << '\n';
  }
}

}  // namespace gpt::test
