#include "metrics/ngrams.h"

#include <algorithm>

namespace gptask {
namespace {

using Span = std::span<const std::uint32_t>;

/// Three-way: negative if a comes first.
int order_of(Span a, Span b) {
  const auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin());
  return left == a.end() ? 0 : *left < *right ? -1 : 1;
}

}  // namespace

Ngrams::Ngrams(Span sequence, std::size_t order) {
  if (sequence.size() < order) return;
  std::vector<Span> all;
  for (std::size_t i = 0; i + order <= sequence.size(); ++i) all.push_back(sequence.subspan(i, order));
  std::sort(all.begin(), all.end(), [](Span a, Span b) { return order_of(a, b) < 0; });
  for (const Span ngram : all) {
    if (entries_.empty() || order_of(entries_.back().ngram, ngram) != 0) entries_.push_back({ngram, 0});
    ++entries_.back().count;
  }
  total_ = static_cast<std::int64_t>(all.size());
}

std::int64_t Ngrams::matches(const Ngrams& other) const {
  std::int64_t sum = 0;
  auto a = entries_.begin();
  auto b = other.entries_.begin();
  while (a != entries_.end() && b != other.entries_.end()) {
    const int order = order_of(a->ngram, b->ngram);
    if (order == 0) sum += std::min(a->count, b->count);
    if (order <= 0) ++a;
    if (order >= 0) ++b;
  }
  return sum;
}

void Ngrams::take_maximum(const Ngrams& other) {
  std::vector<Entry> merged;
  auto a = entries_.begin();
  auto b = other.entries_.begin();
  while (a != entries_.end() || b != other.entries_.end()) {
    const int order = a == entries_.end() ? 1 : b == other.entries_.end() ? -1 : order_of(a->ngram, b->ngram);
    merged.push_back(order < 0 ? *a : *b);
    if (order == 0) merged.back().count = std::max(a->count, b->count);
    if (order <= 0) ++a;
    if (order >= 0) ++b;
  }
  entries_ = std::move(merged);
  total_ = 0;
  for (const Entry& entry : entries_) total_ += entry.count;
}

}  // namespace gptask
