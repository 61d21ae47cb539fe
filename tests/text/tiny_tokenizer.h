// A tokenizer of our own, small enough to check by hand, for machines that have no files but the repo's.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "support/temporary_folder.h"
#include "text/byte_alphabet.h"

namespace gpt::test {

/// 256 bytes (id = byte), the merges l+l, h+e, he+ll, hell+o, space+w, o+r (ids 256 to 261), <|endoftext|> (262).
inline nlohmann::json tiny_tokenizer() {
  nlohmann::json vocab = nlohmann::json::object(), merges = nlohmann::json::array();
  for (int byte = 0; byte < 256; ++byte) vocab[text::to_byte_alphabet(std::string(1, static_cast<char>(byte)))] = byte;
  int id = 256;
  for (const auto& [left, right] :
       {std::pair{"l", "l"}, {"h", "e"}, {"he", "ll"}, {"hell", "o"}, {" ", "w"}, {"o", "r"}}) {
    const std::string a = text::to_byte_alphabet(left), b = text::to_byte_alphabet(right);
    merges.push_back(a + " " + b);
    vocab[a + b] = id++;
  }
  const nlohmann::json bytes = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  nlohmann::json added = {{"id", id}, {"content", "<|endoftext|>"}, {"single_word", false}, {"lstrip", false}};
  added.update({{"rstrip", false}, {"normalized", false}, {"special", true}});
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", nlohmann::json::array({added})},
          {"normalizer", nullptr},
          {"pre_tokenizer", bytes},
          {"post_processor", nullptr},
          {"decoder", bytes},
          {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", merges}}}};
}

}  // namespace gpt::test
