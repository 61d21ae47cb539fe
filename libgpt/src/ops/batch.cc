#include "gpt/ops/batch.h"

#include <numeric>

#include "gpt/core/error.h"

namespace gpt {

void Batch::check_past() const {
  if (!past.empty() && static_cast<std::int32_t>(past.size()) != sequences())
    fail(ErrorCode::mismatch, "a batch of {} sequences has {} numbers of past tokens", sequences(), past.size());
  for (const std::int32_t tokens : past)
    if (tokens < 0) fail(ErrorCode::mismatch, "a sequence cannot have a past of {} tokens", tokens);
}

void Batch::add(const Example& example) {
  const auto begin = static_cast<std::int32_t>(tokens.size());
  const auto length = static_cast<std::int32_t>(example.tokens.size());
  if (!example.starts.empty() && groups.empty()) {
    groups.resize(static_cast<std::size_t>(sequences()) + 1);
    std::iota(groups.begin(), groups.end(), 0);
  }
  tokens.insert(tokens.end(), example.tokens.begin(), example.tokens.end());
  std::int32_t last = 0;
  for (const std::int32_t start : example.starts) {
    if (start <= last || start >= length)
      fail(ErrorCode::mismatch, "a sequence cannot start at token {} of {} (the one before starts at {})", start,
           length, last);
    last = start;
    offsets.push_back(begin + start);
    targets.push_back(example.target);
  }
  offsets.push_back(begin + length);
  targets.push_back(example.target);
  if (!groups.empty()) groups.push_back(sequences());
}

void Batch::clear() {
  tokens.clear();
  offsets.assign(1, 0);
  targets.clear();
  groups.clear();
  past.clear();
}

}  // namespace gpt
