// How often each n-gram of a sequence of numbers (words, characters) occurs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gptask {

class Ngrams {
 public:
  /// The sequence is not copied.
  Ngrams(std::span<const std::uint32_t> sequence, std::size_t order);

  std::int64_t total() const noexcept { return total_; }
  /// Sum over the n-grams of the smaller of both counts.
  std::int64_t matches(const Ngrams& other) const;
  /// Each n-gram as often as in the one where it occurs more often.
  void take_maximum(const Ngrams& other);

 private:
  struct Entry {
    std::span<const std::uint32_t> ngram;
    std::int64_t count;
  };
  std::vector<Entry> entries_;  ///< in lexicographic order
  std::int64_t total_ = 0;
};

}  // namespace gptask
