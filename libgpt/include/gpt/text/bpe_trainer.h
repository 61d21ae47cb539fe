// Makes a byte-level BPE tokenizer from text (Sennrich et al., ACL 2016; bytes as in GPT-2).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/text/tokenizer.h"

namespace gpt {

struct BpeTrainerOptions {
  std::int64_t vocabulary = 30000;  ///< special tokens and the 256 bytes included
  std::int64_t min_frequency = 0;   ///< pairs seen less often are not merged
  /// They take the first ids. The first one ends a text (eos) and begins one (bos).
  std::vector<std::string> special_tokens = {"<|endoftext|>"};
  std::string pad = {};           ///< which of them pads; empty: none
  bool add_prefix_space = false;  ///< as the ByteLevel pre-tokenizer has it
};

/// Counts the words of texts, so that memory follows the number of different words and not the size of the text, and
/// merges the most frequent pair until the vocabulary is full. Vocabulary and merges are those of the tokenizers
/// library: BpeTrainer with the ByteLevel pre-tokenizer and its alphabet; of pairs equally frequent the one with the
/// smaller ids goes first.
class BpeTrainer {
 public:
  /// Error invalid_option: a vocabulary without room for bytes and special tokens, a special token that is empty.
  explicit BpeTrainer(BpeTrainerOptions options);
  ~BpeTrainer();
  BpeTrainer(const BpeTrainer&) = delete;
  BpeTrainer& operator=(const BpeTrainer&) = delete;

  /// Words do not reach over the ends of a text. Invalid UTF-8 is read as U+FFFD.
  void add(std::string_view text);
  std::int64_t different_words() const noexcept;
  std::int64_t words() const noexcept;

  /// `progress` gets the size of the vocabulary so far, now and then. The tokenizer may have fewer tokens than wanted
  /// where the text has no more pairs.
  std::shared_ptr<const Tokenizer> train(const std::function<void(std::int64_t)>& progress = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gpt
