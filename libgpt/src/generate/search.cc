#include "generate/search.h"

#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"
#include "kernels/softmax.h"

namespace gpt {

Search::~Search() = default;

const char* stop_reason_name(StopReason reason) noexcept {
  switch (reason) {
    case StopReason::end_token:
      return "end_token";
    case StopReason::stop_string:
      return "stop_string";
    case StopReason::max_new_tokens:
      return "max_new_tokens";
    case StopReason::context:
      return "context";
    case StopReason::requested:
      break;
  }
  return "requested";
}

bool SearchRules::ends(std::int32_t token) const {
  return std::find(end_tokens.begin(), end_tokens.end(), token) != end_tokens.end();
}

std::int32_t SearchRules::most_new(std::size_t prompt) const {
  return static_cast<std::int32_t>(
      std::min<std::int64_t>(options.max_new_tokens, context - static_cast<std::int64_t>(prompt)));
}

StopReason SearchRules::reason(std::size_t prompt, std::int32_t last, bool stop_string) const {
  if (ends(last)) return StopReason::end_token;
  if (stop_string) return StopReason::stop_string;
  return most_new(prompt) < options.max_new_tokens ? StopReason::context : StopReason::max_new_tokens;
}

StopWatch::StopWatch(std::span<const std::int32_t> prompt, const SearchRules& rules) {
  if (!rules.options.stop_strings.empty())
    text_.emplace(*rules.options.tokenizer, prompt, rules.options.stop_strings, TextStream::Special::shown);
}

bool StopWatch::stops(std::int32_t token) {
  if (text_) text_->push(token);
  return stopped();
}

void TokenLog::note(const SearchRules& rules, std::span<const float> logits) {
  if (!rules.options.log_probabilities && rules.options.top_log_probabilities == 0) return;
  const kernels::LogSum sum = kernels::log_sum_exp(rules.vocabulary, logits.data());
  if (!std::isfinite(sum.total()))
    fail(ErrorCode::diverged, "the model's logits are not numbers: its weights are damaged");
  scores_.assign(logits.begin(), logits.end());
  for (float& score : scores_) score = (score - sum.top) - sum.log_sum;
  top_.resize(scores_.size());
  for (std::size_t i = 0; i < scores_.size(); ++i) top_[i] = {static_cast<std::int32_t>(i), scores_[i]};
  const auto count = static_cast<std::ptrdiff_t>(rules.options.top_log_probabilities);
  std::partial_sort(top_.begin(), top_.begin() + count, top_.end(), [](const TokenScore& one, const TokenScore& other) {
    return one.log_probability != other.log_probability ? one.log_probability > other.log_probability
                                                        : one.token < other.token;
  });
  top_.resize(static_cast<std::size_t>(count));
}

void TokenLog::chose(std::int32_t token) {
  if (scores_.empty()) return;
  chosen_.push_back(scores_[static_cast<std::size_t>(token)]);
  tops_.push_back(top_);
}

void TokenLog::write(Generation& generation) const {
  generation.log_probabilities = chosen_;
  generation.top_log_probabilities = tops_;
}

}  // namespace gpt
