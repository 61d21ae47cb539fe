// Which pairs of tokens merge, in what order, into what: a hash table with open addressing.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace gpt::text {

/// rank * 2^32 + id of the merged token: smaller merges first.
using Merge = std::uint64_t;
inline constexpr Merge kNoMerge = ~Merge{0};

inline std::int32_t merged_id(Merge merge) { return static_cast<std::int32_t>(merge & 0xFFFFFFFF); }
inline std::uint32_t merge_rank(Merge merge) { return static_cast<std::uint32_t>(merge >> 32); }

class MergeTable {
 public:
  explicit MergeTable(std::size_t count) : entries_(std::bit_ceil(2 * count + 2)), mask_(entries_.size() - 1) {}

  /// A pair given twice keeps the later merge. At most as many pairs as the constructor was told.
  void insert(std::int32_t left, std::int32_t right, Merge merge) {
    Entry& entry = entries_[slot(pair(left, right))];
    entry = {pair(left, right), merge};
  }
  Merge find(std::int32_t left, std::int32_t right) const { return entries_[slot(pair(left, right))].merge; }

 private:
  struct Entry {
    std::uint64_t pair = ~std::uint64_t{0};
    Merge merge = kNoMerge;
  };
  static std::uint64_t pair(std::int32_t left, std::int32_t right) {
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
  }
  /// Where the pair is, or the free place where it would go.
  std::size_t slot(std::uint64_t pair) const {
    std::size_t at = static_cast<std::size_t>((pair * 0x9E3779B97F4A7C15u) >> 24) & mask_;
    while (entries_[at].pair != pair && entries_[at].merge != kNoMerge) at = (at + 1) & mask_;
    return at;
  }

  std::vector<Entry> entries_;
  std::size_t mask_;
};

}  // namespace gpt::text
