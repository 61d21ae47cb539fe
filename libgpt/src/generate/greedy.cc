#include <algorithm>
#include <cmath>

#include "generate/search.h"
#include "gpt/core/error.h"

namespace gpt {
namespace {

class Greedy final : public Search {
 public:
  Greedy(std::span<const std::int32_t> prompt, const SearchRules& rules)
      : rules_(rules), prompt_(prompt.size()), tokens_(prompt.begin(), prompt.end()) {}

  std::vector<Continuation> step(std::span<float> logits) override {
    rules_.processors.apply({tokens_, prompt_}, logits);
    const auto best = std::max_element(logits.begin(), logits.end());
    if (std::isnan(*best)) fail(ErrorCode::diverged, "the model's logits are not numbers: its weights are damaged");
    const auto token = static_cast<std::int32_t>(best - logits.begin());
    tokens_.push_back(token);
    done_ = rules_.ends(token) || static_cast<std::int32_t>(certain().size()) == rules_.most_new(prompt_);
    return done_ ? std::vector<Continuation>() : std::vector<Continuation>{{0, token}};
  }

  std::span<const std::int32_t> certain() const override { return std::span(tokens_).subspan(prompt_); }

  Generation result() const override {
    return {{certain().begin(), certain().end()},
            0,
            done_ ? rules_.reason(prompt_, tokens_.back()) : StopReason::requested};
  }

 private:
  const SearchRules& rules_;
  std::size_t prompt_;
  std::vector<std::int32_t> tokens_;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<Search> greedy_search(std::span<const std::int32_t> prompt, const SearchRules& rules) {
  return std::make_unique<Greedy>(prompt, rules);
}

}  // namespace gpt
