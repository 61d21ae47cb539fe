#include "text/bpe.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "text/byte_alphabet.h"
#include "text/unicode.h"

namespace gpt::text {

namespace {

constexpr std::size_t kShortWord = 48;

}  // namespace

Bpe::Bpe(const BpeSpec& spec) : merges_(spec.merges.size()), unknown_(spec.unknown), fuse_unknown_(spec.fuse_unknown) {
  byte_ids_.fill(-1);
  for (std::size_t id = 0; id < spec.tokens.size(); ++id) {
    const auto bytes = from_byte_alphabet(spec.tokens[id]);
    if (!bytes || bytes->empty()) continue;
    if (bytes->size() == 1) byte_ids_[static_cast<unsigned char>(bytes->front())] = static_cast<std::int32_t>(id);
    if (spec.ignore_merges) words_.emplace(*bytes, static_cast<std::int32_t>(id));
  }
  for (std::size_t rank = 0; rank < spec.merges.size(); ++rank) {
    const auto [left, right] = spec.merges[rank];
    const auto id = static_cast<std::uint32_t>(spec.merged[rank]);
    merges_.insert(left, right, (static_cast<Merge>(rank) << 32) | id);
  }
}

void Bpe::encode(std::string_view word, std::vector<WordToken>& tokens) const {
  tokens.clear();
  if (!words_.empty()) {
    const auto whole = words_.find(std::string(word));
    if (whole != words_.end()) {
      tokens.push_back({whole->second, static_cast<std::uint32_t>(word.size())});
      return;
    }
  }
  single_bytes(word, tokens);
  if (tokens.size() <= kShortWord) {
    merge_short(tokens);
  } else {
    merge_long(tokens);
  }
}

void Bpe::single_bytes(std::string_view word, std::vector<WordToken>& tokens) const {
  bool after_unknown = false;
  for (const char byte : word) {
    const std::int32_t id = byte_ids_[static_cast<unsigned char>(byte)];
    if (id >= 0) {
      tokens.push_back({id, 1});
    } else if (unknown_ && after_unknown && fuse_unknown_) {
      ++tokens.back().size;
    } else if (unknown_) {
      tokens.push_back({*unknown_, 1});
    }
    after_unknown = id < 0;
  }
}

void Bpe::merge_short(std::vector<WordToken>& tokens) const {
  if (tokens.size() < 2) return;
  std::array<Merge, kShortWord> pairs;
  std::size_t count = tokens.size() - 1;
  for (std::size_t i = 0; i < count; ++i) pairs[i] = merges_.find(tokens[i].id, tokens[i + 1].id);
  while (count > 0) {
    const auto best = static_cast<std::size_t>(
        std::min_element(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(count)) - pairs.begin());
    if (pairs[best] == kNoMerge) break;
    tokens[best] = {merged_id(pairs[best]), tokens[best].size + tokens[best + 1].size};
    std::copy(tokens.begin() + static_cast<std::ptrdiff_t>(best) + 2,
              tokens.begin() + static_cast<std::ptrdiff_t>(count) + 1,
              tokens.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    std::copy(pairs.begin() + static_cast<std::ptrdiff_t>(best) + 1, pairs.begin() + static_cast<std::ptrdiff_t>(count),
              pairs.begin() + static_cast<std::ptrdiff_t>(best));
    --count;
    if (best > 0) pairs[best - 1] = merges_.find(tokens[best - 1].id, tokens[best].id);
    if (best < count) pairs[best] = merges_.find(tokens[best].id, tokens[best + 1].id);
  }
  tokens.resize(count + 1);
}

void Bpe::merge_long(std::vector<WordToken>& tokens) const {
  // Tokens stay where their first byte was. A merged-away one has size 0; sizes of gaps tell where neighbours are.
  constexpr std::uint32_t kEnd = ~std::uint32_t{0};
  const auto count = static_cast<std::uint32_t>(tokens.size());
  std::vector<std::uint32_t> before(count), after(count);
  std::vector<std::uint64_t> heap;  // rank * 2^32 + position
  const auto merge_at = [&](std::uint32_t at) {
    return after[at] == kEnd ? kNoMerge : merges_.find(tokens[at].id, tokens[after[at]].id);
  };
  const auto entry = [](Merge merge, std::uint32_t at) { return (std::uint64_t{merge_rank(merge)} << 32) | at; };
  for (std::uint32_t i = 0; i < count; ++i) {
    before[i] = i == 0 ? kEnd : i - 1;
    after[i] = i + 1 == count ? kEnd : i + 1;
    if (const Merge merge = merge_at(i); merge != kNoMerge) heap.push_back(entry(merge, i));
  }
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> queue(std::greater<>(),
                                                                                       std::move(heap));

  while (!queue.empty()) {
    const std::uint64_t top = queue.top();
    queue.pop();
    const auto at = static_cast<std::uint32_t>(top);
    if (tokens[at].size == 0) continue;
    const Merge merge = merge_at(at);
    if (merge == kNoMerge || merge_rank(merge) != static_cast<std::uint32_t>(top >> 32)) continue;  // the pair is gone
    const std::uint32_t right = after[at];
    tokens[at] = {merged_id(merge), tokens[at].size + tokens[right].size};
    tokens[right].size = 0;
    after[at] = after[right];
    if (after[at] != kEnd) before[after[at]] = at;
    if (const Merge next = merge_at(at); next != kNoMerge) queue.push(entry(next, at));
    if (before[at] == kEnd) continue;
    if (const Merge next = merge_at(before[at]); next != kNoMerge) queue.push(entry(next, before[at]));
  }
  std::erase_if(tokens, [](const WordToken& token) { return token.size == 0; });
}

}  // namespace gpt::text
