// Byte-pair encoding (Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", ACL 2016), over
// bytes as in GPT-2 or over characters as in SentencePiece.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "text/merge_table.h"
#include "text/model.h"
#include "text/spec.h"

namespace gpt::text {

/// Starts from the tokens of the single bytes or characters and merges, again and again, the pair of neighbours of
/// lowest rank, the leftmost first. What has no token becomes the tokens of its bytes, if byte_fallback, else the
/// unknown token, or is dropped where there is none, as the tokenizers library does.
class Bpe : public Model {
 public:
  /// `byte_level`: words are bytes, and tokens are written in the byte alphabet.
  Bpe(const BpeSpec& spec, bool byte_level);
  void encode(std::string_view word, std::vector<WordToken>& tokens) const override;
  std::size_t part_end(std::string_view word, std::size_t begin) const override;

 private:
  void add_bytes(const BpeSpec& spec);
  void add_characters(const BpeSpec& spec);
  void add_fallback(const BpeSpec& spec);
  void find_word_starts(const BpeSpec& spec);
  void single_bytes(std::string_view word, std::vector<WordToken>& tokens) const;
  void single_characters(std::string_view word, std::vector<WordToken>& tokens) const;
  std::int32_t character_id(const char* character) const;
  bool fall_back(std::string_view character, std::vector<WordToken>& tokens) const;
  /// Looks through all pairs for each merge: fastest for short words.
  void merge_short(std::vector<WordToken>& tokens) const;
  /// Keeps the pairs in a heap: n log n for a word of n bytes.
  void merge_long(std::vector<WordToken>& tokens) const;

  bool byte_level_;
  std::array<std::int32_t, 256> byte_ids_;      ///< -1 where the vocabulary lacks the byte (of the alphabet)
  std::array<std::int32_t, 256> fallback_ids_;  ///< of <0x00> to <0xFF>; -1 where it lacks one
  std::vector<std::int32_t> characters_;  ///< by code point, as far as characters have tokens; -1 where one has none
  MergeTable merges_;
  std::optional<std::int32_t> unknown_;
  bool fuse_unknown_;
  std::unordered_map<std::string, std::int32_t> words_;  ///< bytes of all tokens, if merges may be ignored
  /// Characters that some token holds in front of the sign that SentencePiece writes for a space. After any other
  /// character that sign begins a part of its own. Empty: no parts.
  std::optional<std::unordered_set<char32_t>> before_space_;
};

}  // namespace gpt::text
