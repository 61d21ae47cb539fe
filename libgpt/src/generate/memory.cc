#include "gpt/generate/memory.h"

#include <algorithm>
#include <vector>

#include "generate/search.h"
#include "gpt/model/kv_cache.h"
#include "gpt/model/memory.h"

namespace gpt {

std::int64_t generation_bytes(const ModelConfig& config, std::span<const std::int64_t> prompts,
                              const GenerateOptions& options, int threads) {
  std::vector<std::int64_t> longest(prompts.begin(), prompts.end());
  std::sort(longest.rbegin(), longest.rend());
  longest.resize(std::min(longest.size(), static_cast<std::size_t>(std::max(1, options.batch_size))));
  const std::int64_t rows = std::max(options.num_beams, options.num_return_sequences);
  std::int64_t cached = 0, first = 0;
  for (const std::int64_t prompt : longest) {
    const std::int64_t more = std::min<std::int64_t>(options.max_new_tokens, config.context - prompt);
    cached += prompt + rows * (std::max<std::int64_t>(more, 0) + CacheView::kTokens);  // copies share the prompt
    if (first < kStepTokens) first += prompt;
  }
  PassMemory pass;
  pass.tokens = std::max(first, static_cast<std::int64_t>(longest.size()) * rows);
  pass.longest = longest.empty() ? 0 : longest.front();
  pass.threads = threads;
  const std::int64_t logits = static_cast<std::int64_t>(longest.size()) * rows * config.vocabulary;
  return cached * KvCache::token_bytes(config, options.cache_type) + forward_pass_bytes(config, pass) +
         2 * logits * static_cast<std::int64_t>(sizeof(float));  // the searches work on copies
}

}  // namespace gpt
