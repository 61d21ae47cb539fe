#include "gpt/generate/prompt_cache.h"

#include <algorithm>

namespace gpt {

KvCache& PromptCache::begin(const std::vector<std::int32_t>& prompt) {
  const auto common = std::mismatch(tokens_.begin(), tokens_.end(), prompt.begin(), prompt.end()).first;
  reused_ = static_cast<std::int32_t>(
      std::min<std::ptrdiff_t>(common - tokens_.begin(), static_cast<std::ptrdiff_t>(prompt.size()) - 1));
  tokens_.clear();
  cache_.truncate(0, reused_);
  return cache_;
}

void PromptCache::hold(std::vector<std::int32_t> tokens) {
  tokens.resize(std::min(tokens.size(), static_cast<std::size_t>(cache_.length(0))));
  tokens_ = std::move(tokens);
}

}  // namespace gpt
