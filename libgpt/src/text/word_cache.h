// Words seen before and their tokens. One cache serves one thread at a time; a pool hands them out.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "text/model.h"

namespace gpt::text {

/// A hash table of bounded size: emptied when it is full. The spans it gives hold until the next call of tokens().
class WordCache {
 public:
  WordCache();
  /// The tokens of the word, from the cache or from the model.
  std::span<const WordToken> tokens(std::string_view word, const Model& model);

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t word = 0, word_size = 0;  ///< in words_; size 0: free
    std::uint32_t tokens = 0, count = 0;    ///< in tokens_
  };
  std::span<const WordToken> insert(Slot& slot, std::uint64_t hash, std::string_view word);
  void clear();

  std::vector<Slot> slots_;
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
