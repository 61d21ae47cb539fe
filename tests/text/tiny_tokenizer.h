// A tokenizer of our own, small enough to check by hand, for machines that have no files but the repo's.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "gpt/text/tokenizer.h"
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

/// A tokenizer of the SentencePiece kind: <unk> <s> </s> (0 to 2), the bytes <0x00> to <0xFF> (3 to 258), and from 259
/// on the sign for a space, the letters h e l o w r d, and the merges l+l, h+e, he+ll, hell+o, space+w, o+r,
/// space+space.
inline nlohmann::json tiny_sentencepiece() {
  nlohmann::json vocab = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}}, merges = nlohmann::json::array();
  int id = 3;
  for (int byte = 0; byte < 256; ++byte) vocab[fmt::format("<0x{:02X}>", byte)] = id++;
  const std::string space = "\u2581";
  for (const std::string& text : {space, std::string("h"), std::string("e"), std::string("l"), std::string("o"),
                                  std::string("w"), std::string("r"), std::string("d")}) {
    vocab[text] = id++;
  }
  const std::vector<std::pair<std::string, std::string>> pairs{{"l", "l"},   {"h", "e"}, {"he", "ll"},  {"hell", "o"},
                                                               {space, "w"}, {"o", "r"}, {space, space}};
  for (const auto& [left, right] : pairs) {
    merges.push_back({left, right});
    vocab[left + right] = id++;
  }
  const auto special = [](int token, const char* content) {
    nlohmann::json json = {{"id", token}, {"content", content}, {"single_word", false}, {"lstrip", false}};
    json.update({{"rstrip", false}, {"normalized", false}, {"special", true}});
    return json;
  };
  const nlohmann::json bos = {{"id", "<s>"}, {"ids", {1}}, {"tokens", {"<s>"}}};
  const nlohmann::json text_a = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  return {{"version", "1.0"},
          {"added_tokens", {special(0, "<unk>"), special(1, "<s>"), special(2, "</s>")}},
          {"normalizer",
           {{"type", "Sequence"},
            {"normalizers",
             {{{"type", "Prepend"}, {"prepend", space}},
              {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", space}}}}}},
          {"pre_tokenizer", nullptr},
          {"post_processor",
           {{"type", "TemplateProcessing"},
            {"single", {{{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}}, text_a}},
            {"pair", {text_a, text_a}},
            {"special_tokens", {{"<s>", bos}}}}},
          {"decoder",
           {{"type", "Sequence"},
            {"decoders",
             {{{"type", "Replace"}, {"pattern", {{"String", space}}}, {"content", " "}},
              {{"type", "ByteFallback"}},
              {{"type", "Fuse"}},
              {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}}}}},
          {"model",
           {{"type", "BPE"},
            {"unk_token", "<unk>"},
            {"fuse_unk", true},
            {"byte_fallback", true},
            {"vocab", vocab},
            {"merges", merges}}}};
}

/// Writes the text of a tokenizer.json into a folder that goes away again, and loads it.
inline std::shared_ptr<const Tokenizer> load_tokenizer(const nlohmann::json& json) {
  const TemporaryFolder folder;
  put(folder / "tokenizer.json", json.dump());
  return Tokenizer::load(folder.path());
}

}  // namespace gpt::test
