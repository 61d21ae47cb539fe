// Byte-pair encoding over bytes (Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", ACL
// 2016; bytes instead of characters as in GPT-2).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <unordered_map>

#include "text/merge_table.h"
#include "text/model.h"
#include "text/spec.h"

namespace gpt::text {

/// Starts from the tokens of the single bytes and merges, again and again, the pair of neighbours of lowest rank, the
/// leftmost first. A byte without a token becomes the unknown token, or is dropped where there is none, as the
/// tokenizers library does.
class Bpe : public Model {
 public:
  explicit Bpe(const BpeSpec& spec);
  void encode(std::string_view word, std::vector<WordToken>& tokens) const override;

 private:
  void single_bytes(std::string_view word, std::vector<WordToken>& tokens) const;
  /// Looks through all pairs for each merge: fastest for short words.
  void merge_short(std::vector<WordToken>& tokens) const;
  /// Keeps the pairs in a heap: n log n for a word of n bytes.
  void merge_long(std::vector<WordToken>& tokens) const;

  std::array<std::int32_t, 256> byte_ids_;  ///< -1 where the vocabulary lacks the byte
  MergeTable merges_;
  std::optional<std::int32_t> unknown_;
  bool fuse_unknown_;
  std::unordered_map<std::string, std::int32_t> words_;  ///< bytes of all tokens, if merges may be ignored
};

}  // namespace gpt::text
