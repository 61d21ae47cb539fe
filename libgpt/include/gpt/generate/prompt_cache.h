// What is kept from one prompt to the next: a conversation's turns begin with all that was said before.
#pragma once

#include <cstdint>
#include <vector>

#include "gpt/model/kv_cache.h"

namespace gpt {

/// Keys and values of the last prompt and its continuation, up to the model's context. Not thread-safe.
class PromptCache {
 public:
  explicit PromptCache(const ModelConfig& config, CacheType type = CacheType::float32)
      : cache_(config, 1, config.context, type) {}

  /// How many tokens of the last prompt were there already.
  std::int32_t reused() const noexcept { return reused_; }
  /// Tokens whose keys and values are held.
  std::int32_t length() const noexcept { return cache_.length(0); }

  /// Forgets what does not begin `prompt`, and leaves at least its last token to compute. For generate.
  KvCache& begin(const std::vector<std::int32_t>& prompt);
  /// The tokens after which the cache stands; until then it holds nothing that can be used again.
  void hold(std::vector<std::int32_t> tokens);

 private:
  KvCache cache_;
  std::vector<std::int32_t> tokens_;
  std::int32_t reused_ = 0;
};

}  // namespace gpt
