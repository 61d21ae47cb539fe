#include "generate/logits_processors.h"

#include <algorithm>
#include <limits>

namespace gpt {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

/// Keskar et al., "CTRL: a conditional Transformer language model for controllable generation", 2019.
class RepetitionPenalty final : public LogitsProcessor {
 public:
  explicit RepetitionPenalty(float penalty) : penalty_(penalty) {}

  void apply(const Written& written, std::span<float> scores) const override {
    std::vector<std::int32_t> seen(written.tokens.begin(), written.tokens.end());
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const std::int32_t token : seen) {
      float& score = scores[static_cast<std::size_t>(token)];
      score = score < 0.0F ? score * penalty_ : score / penalty_;
    }
  }

 private:
  float penalty_;
};

/// OpenAI's rules for what was written, the prompt apart: a fixed penalty for having been written, and one for each
/// time.
class WrittenPenalty final : public LogitsProcessor {
 public:
  WrittenPenalty(float presence, float frequency) : presence_(presence), frequency_(frequency) {}

  void apply(const Written& written, std::span<float> scores) const override {
    const auto fresh = written.tokens.subspan(written.prompt);
    std::vector<std::int32_t> tokens(fresh.begin(), fresh.end());
    std::sort(tokens.begin(), tokens.end());
    for (auto first = tokens.begin(); first != tokens.end();) {
      const auto last = std::upper_bound(first, tokens.end(), *first);
      scores[static_cast<std::size_t>(*first)] -= presence_ + frequency_ * static_cast<float>(last - first);
      first = last;
    }
  }

 private:
  float presence_, frequency_;
};

/// A token that would end an n-gram which is there already gets no chance.
class NoRepeatNgram final : public LogitsProcessor {
 public:
  explicit NoRepeatNgram(std::size_t size) : size_(size) {}

  void apply(const Written& written, std::span<float> scores) const override {
    const auto& tokens = written.tokens;
    if (tokens.size() < size_) return;
    const auto prefix = tokens.last(size_ - 1);
    for (std::size_t i = 0; i + size_ <= tokens.size(); ++i)
      if (std::equal(prefix.begin(), prefix.end(), tokens.begin() + static_cast<std::ptrdiff_t>(i)))
        scores[static_cast<std::size_t>(tokens[i + size_ - 1])] = kNever;
  }

 private:
  std::size_t size_;
};

/// No end token before so many new ones.
class MinNewTokens final : public LogitsProcessor {
 public:
  MinNewTokens(std::size_t count, std::span<const std::int32_t> end_tokens)
      : count_(count), end_tokens_(end_tokens.begin(), end_tokens.end()) {}

  void apply(const Written& written, std::span<float> scores) const override {
    if (written.tokens.size() - written.prompt >= count_) return;
    for (const std::int32_t token : end_tokens_) scores[static_cast<std::size_t>(token)] = kNever;
  }

 private:
  std::size_t count_;
  std::vector<std::int32_t> end_tokens_;
};

}  // namespace

LogitsProcessor::~LogitsProcessor() = default;

LogitsProcessors::LogitsProcessors(const GenerateOptions& options, std::span<const std::int32_t> end_tokens) {
  if (options.repetition_penalty != 1)
    list_.push_back(std::make_unique<RepetitionPenalty>(static_cast<float>(options.repetition_penalty)));
  if (options.presence_penalty != 0 || options.frequency_penalty != 0)
    list_.push_back(std::make_unique<WrittenPenalty>(static_cast<float>(options.presence_penalty),
                                                     static_cast<float>(options.frequency_penalty)));
  if (options.no_repeat_ngram_size > 0)
    list_.push_back(std::make_unique<NoRepeatNgram>(static_cast<std::size_t>(options.no_repeat_ngram_size)));
  if (options.min_new_tokens > 0)
    list_.push_back(std::make_unique<MinNewTokens>(static_cast<std::size_t>(options.min_new_tokens), end_tokens));
  if (options.do_sample) add_sampling_rules(options, list_);
}

}  // namespace gpt
