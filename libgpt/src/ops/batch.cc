#include "gpt/ops/batch.h"

#include "gpt/core/error.h"

namespace gpt {

void Batch::check_past() const {
  if (!past.empty() && static_cast<std::int32_t>(past.size()) != sequences())
    fail(ErrorCode::mismatch, "a batch of {} sequences has {} numbers of past tokens", sequences(), past.size());
  for (const std::int32_t tokens : past)
    if (tokens < 0) fail(ErrorCode::mismatch, "a sequence cannot have a past of {} tokens", tokens);
}

void Batch::add(const Example& example) {
  tokens.insert(tokens.end(), example.tokens.begin(), example.tokens.end());
  offsets.push_back(static_cast<std::int32_t>(tokens.size()));
  targets.push_back(example.target);
}

void Batch::clear() {
  tokens.clear();
  offsets.assign(1, 0);
  targets.clear();
  past.clear();
}

}  // namespace gpt
