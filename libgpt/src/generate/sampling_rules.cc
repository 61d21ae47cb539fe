// What narrows the choice before a token is drawn.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "generate/logits_processors.h"

namespace gpt {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

class Temperature final : public LogitsProcessor {
 public:
  explicit Temperature(float temperature) : temperature_(temperature) {}

  void apply(const Written&, std::span<float> scores) const override {
    for (float& score : scores) score /= temperature_;
  }

 private:
  float temperature_;
};

/// Fan et al., "Hierarchical neural story generation", 2018. Those that tie with the last stay.
class TopK final : public LogitsProcessor {
 public:
  explicit TopK(std::size_t count) : count_(count) {}

  void apply(const Written&, std::span<float> scores) const override {
    if (count_ >= scores.size()) return;
    std::vector<float> sorted(scores.begin(), scores.end());
    const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(count_) - 1;
    std::nth_element(sorted.begin(), last, sorted.end(), std::greater<>());
    for (float& score : scores)
      if (score < *last) score = kNever;
  }

 private:
  std::size_t count_;
};

/// Holtzman et al., "The curious case of neural text degeneration", 2020: from the unlikeliest on, tokens go while
/// their sum is at most 1 - p.
class TopP final : public LogitsProcessor {
 public:
  explicit TopP(double share) : rest_(1 - share) {}

  void apply(const Written&, std::span<float> scores) const override {
    const float top = *std::max_element(scores.begin(), scores.end());
    std::vector<double> weights(scores.size());
    double total = 0;
    for (std::size_t i = 0; i < scores.size(); ++i)
      total += weights[i] = std::exp(static_cast<double>(scores[i] - top));
    // However many they are, tokens below this add up to less than 1 - p: no need to sort them.
    const double surely = rest_ * total / static_cast<double>(scores.size());
    double sum = 0;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (weights[i] >= surely) {
        order.push_back(i);
        continue;
      }
      sum += weights[i];
      scores[i] = kNever;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return weights[a] < weights[b]; });
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      sum += weights[order[i]];
      if (sum > rest_ * total) break;
      scores[order[i]] = kNever;
    }
  }

 private:
  double rest_;
};

/// Nguyen et al., "Turning up the heat: min-p sampling for creative and coherent LLM outputs", 2024.
class MinP final : public LogitsProcessor {
 public:
  explicit MinP(double share) : below_(static_cast<float>(std::log(share))) {}

  void apply(const Written&, std::span<float> scores) const override {
    const float least = *std::max_element(scores.begin(), scores.end()) + below_;
    for (float& score : scores)
      if (score < least) score = kNever;
  }

 private:
  float below_;  // the likeliest token's logit
};

}  // namespace

void add_sampling_rules(const GenerateOptions& options, std::vector<std::unique_ptr<LogitsProcessor>>& list) {
  if (options.temperature != 1) list.push_back(std::make_unique<Temperature>(static_cast<float>(options.temperature)));
  if (options.top_k > 0) list.push_back(std::make_unique<TopK>(static_cast<std::size_t>(options.top_k)));
  if (options.top_p < 1) list.push_back(std::make_unique<TopP>(options.top_p));
  if (options.min_p > 0) list.push_back(std::make_unique<MinP>(options.min_p));
}

}  // namespace gpt
