#include "generate/search.h"

#include <algorithm>

namespace gpt {

Search::~Search() = default;

bool SearchRules::ends(std::int32_t token) const {
  return std::find(end_tokens.begin(), end_tokens.end(), token) != end_tokens.end();
}

std::int32_t SearchRules::most_new(std::size_t prompt) const {
  return static_cast<std::int32_t>(
      std::min<std::int64_t>(options.max_new_tokens, context - static_cast<std::int64_t>(prompt)));
}

StopReason SearchRules::reason(std::size_t prompt, std::int32_t last) const {
  if (ends(last)) return StopReason::end_token;
  return most_new(prompt) < options.max_new_tokens ? StopReason::context : StopReason::max_new_tokens;
}

}  // namespace gpt
