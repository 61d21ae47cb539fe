// Words seen before and their tokens. One cache serves one thread at a time; a pool hands them out.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "text/model.h"

namespace gpt::text {

/// A hash table that grows with the words it has seen up to a bound, and is emptied when it is full. The spans it gives
/// hold until the next call of tokens().
class WordCache {
 public:
  WordCache();
  /// The tokens of the word, from the cache or from the model.
  std::span<const WordToken> tokens(std::string_view word, const Model& model);

 private:
  static constexpr std::size_t kInlineBytes = 24, kInlineTokens = 3;
  /// One line of the processor's cache: most words and their tokens lie in it whole.
  struct alignas(64) Slot {
    std::uint32_t hash = 0;
    std::uint16_t word_size = 0;  ///< 0: free
    std::uint16_t count = 0;      ///< of tokens
    std::uint32_t word = 0;       ///< in words_, if longer than kInlineBytes
    std::uint32_t tokens = 0;     ///< in tokens_, if more than kInlineTokens
    std::array<char, kInlineBytes> text{};
    std::array<WordToken, kInlineTokens> first{};
  };
  const char* text(const Slot& slot) const {
    return slot.word_size <= kInlineBytes ? slot.text.data() : words_.data() + slot.word;
  }
  std::span<const WordToken> insert(Slot& slot, std::uint32_t hash, std::string_view word);
  void clear(std::size_t slots);

  std::vector<Slot> slots_;
  std::size_t count_ = 0;  ///< words since it was last emptied
  std::vector<char> words_;
  std::vector<WordToken> tokens_;
  std::vector<WordToken> scratch_;
};

class WordCachePool {
 public:
  /// A cache that goes back to the pool at the end of the scope.
  class Lease {
   public:
    explicit Lease(WordCachePool& pool);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    WordCache* operator->() { return cache_.get(); }

   private:
    WordCachePool& pool_;
    std::unique_ptr<WordCache> cache_;
  };

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<WordCache>> free_;
  std::size_t leased_ = 0;
};

}  // namespace gpt::text
