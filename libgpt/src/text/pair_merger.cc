#include "text/pair_merger.h"

#include <algorithm>

namespace gpt::text {

PairMerger::PairMerger(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {
  for (std::size_t id = 0; id < tokens_.size(); ++id) ids_.emplace(tokens_[id], static_cast<std::int32_t>(id));
}

void PairMerger::add_word(const std::vector<std::int32_t>& ids, std::int64_t count) {
  words_.push_back({symbols_.size(), static_cast<std::uint32_t>(ids.size()), count});
  symbols_.insert(symbols_.end(), ids.begin(), ids.end());
}

void PairMerger::push(Candidate candidate) {
  heap_.push_back(std::move(candidate));
  std::push_heap(heap_.begin(), heap_.end(), later);
}

PairMerger::Candidate PairMerger::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Candidate top = std::move(heap_.back());
  heap_.pop_back();
  return top;
}

void PairMerger::change(Pair changed, std::int64_t by, std::uint32_t word) {
  counts_[changed] += by * words_[word].count;
  if (by <= 0) return;
  std::vector<std::uint32_t>& where = grown_[changed];
  if (where.empty() || where.back() != word) where.push_back(word);
}

void PairMerger::count_pairs() {
  for (std::uint32_t w = 0; w < words_.size(); ++w)
    for (std::uint32_t i = 0; i + 1 < words_[w].size; ++i)
      change(pair(symbols_[words_[w].first + i], symbols_[words_[w].first + i + 1]), 1, w);
}

std::int32_t PairMerger::merged_token(Pair merge) {
  const std::string text = tokens_[merge >> 32] + tokens_[merge & 0xFFFFFFFF];
  const auto [found, is_new] = ids_.emplace(text, static_cast<std::int32_t>(tokens_.size()));
  if (is_new) tokens_.push_back(text);
  return found->second;
}

void PairMerger::merge_in_word(std::uint32_t index, Pair merge, std::int32_t token) {
  Word& word = words_[index];
  std::int32_t* const symbols = symbols_.data() + word.first;
  const auto left = static_cast<std::int32_t>(merge >> 32), right = static_cast<std::int32_t>(merge & 0xFFFFFFFF);
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < word.size;) {
    if (symbols[i] != left || i + 1 == word.size || symbols[i + 1] != right) {
      symbols[kept++] = symbols[i++];
      continue;
    }
    if (kept > 0) {
      change(pair(symbols[kept - 1], left), -1, index);
      change(pair(symbols[kept - 1], token), 1, index);
    }
    symbols[kept++] = token;
    i += 2;
    if (i < word.size) {
      change(pair(right, symbols[i]), -1, index);
      change(pair(token, symbols[i]), 1, index);
    }
  }
  word.size = kept;
}

BpeSpec PairMerger::run(std::int64_t vocabulary, std::int64_t min_frequency,
                        const std::function<void(std::int64_t)>& progress) {
  const auto queue_grown = [this] {
    for (auto& [grown, words] : grown_)
      if (const std::int64_t count = counts_[grown]; count > 0) push({count, grown, std::move(words)});
    grown_.clear();
  };
  count_pairs();
  queue_grown();
  while (static_cast<std::int64_t>(tokens_.size()) < vocabulary && !heap_.empty()) {
    Candidate top = pop();
    if (const std::int64_t now = counts_[top.pair]; now != top.count) {
      top.count = now;
      push(std::move(top));
      continue;
    }
    if (top.count < 1 || top.count < min_frequency) break;
    const std::int32_t token = merged_token(top.pair);
    merges_.emplace_back(top.pair, token);
    for (const std::uint32_t word : top.words) merge_in_word(word, top.pair, token);
    queue_grown();
    if (progress && tokens_.size() % 64 == 0) progress(static_cast<std::int64_t>(tokens_.size()));
  }
  return take();
}

BpeSpec PairMerger::take() {
  std::unordered_map<Pair, std::size_t> last;  // a pair merged twice counts where it was merged last
  for (std::size_t i = 0; i < merges_.size(); ++i) last[merges_[i].first] = i;
  BpeSpec spec;
  spec.tokens = std::move(tokens_);
  for (std::size_t i = 0; i < merges_.size(); ++i) {
    const auto& [merge, token] = merges_[i];
    if (last[merge] != i) continue;
    spec.merges.emplace_back(static_cast<std::int32_t>(merge >> 32), static_cast<std::int32_t>(merge & 0xFFFFFFFF));
    spec.merged.push_back(token);
  }
  return spec;
}

}  // namespace gpt::text
