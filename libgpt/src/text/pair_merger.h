// The training loop of byte-pair encoding: the most frequent pair of neighbours becomes one token, again and again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/spec.h"

namespace gpt::text {

/// Words as sequences of token ids and how often each occurs; pair counts are kept up to date merge by merge, and a
/// heap gives the most frequent. Counts of a pair that was merged are left standing and a pair may be queued more than
/// once, as in the tokenizers library (models/bpe/trainer.rs): where two merges spell the same token, the outcome
/// depends on it.
class PairMerger {
 public:
  /// `tokens`: the vocabulary so far, by id.
  explicit PairMerger(std::vector<std::string> tokens);

  void add_word(const std::vector<std::int32_t>& ids, std::int64_t count);
  /// Until there are `vocabulary` tokens or no pair occurs `min_frequency` times.
  BpeSpec run(std::int64_t vocabulary, std::int64_t min_frequency, const std::function<void(std::int64_t)>& progress);

 private:
  using Pair = std::uint64_t;  ///< left id * 2^32 + right id
  struct Word {
    std::size_t first;
    std::uint32_t size;
    std::int64_t count;
  };
  struct Candidate {
    std::int64_t count;
    Pair pair;
    std::vector<std::uint32_t> words;  ///< where it occurs, ascending
  };

  static Pair pair(std::int32_t left, std::int32_t right) {
    return (static_cast<Pair>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
  }
  /// Whether the heap gives `a` after `b`.
  static bool later(const Candidate& a, const Candidate& b) {
    return a.count != b.count ? a.count < b.count : a.pair > b.pair;
  }

  void count_pairs();
  void push(Candidate candidate);
  Candidate pop();
  std::int32_t merged_token(Pair merge);
  void merge_in_word(std::uint32_t index, Pair merge, std::int32_t token);
  void change(Pair changed, std::int64_t by, std::uint32_t word);
  BpeSpec take();

  std::vector<std::string> tokens_;
  std::unordered_map<std::string, std::int32_t> ids_;
  std::vector<std::int32_t> symbols_;  ///< of all words, one after the other
  std::vector<Word> words_;
  std::unordered_map<Pair, std::int64_t> counts_;
  std::unordered_map<Pair, std::vector<std::uint32_t>> grown_;  ///< pairs that a merge made, and where
  std::vector<Candidate> heap_;
  std::vector<std::pair<Pair, std::int32_t>> merges_;
};

}  // namespace gpt::text
