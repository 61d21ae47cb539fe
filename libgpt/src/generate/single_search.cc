#include <algorithm>
#include <charconv>
#include <cmath>

#include "generate/search.h"
#include "gpt/core/error.h"
#include "gpt/core/hash.h"
#include "gpt/core/random.h"

namespace gpt {
namespace {

/// One number for the tokens of a prompt: the same prompt draws the same numbers in any company, and another one
/// others.
std::uint64_t stream_of(std::span<const std::int32_t> prompt) {
  const std::string digits =
      hash({reinterpret_cast<const char*>(prompt.data()), prompt.size() * sizeof(std::int32_t)}).substr(0, 16);
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

/// Uniform in [0, 1), 53 bits: a vocabulary is too large for the 24 of Random::uniform.
double uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t position) {
  const auto words = philox(seed, stream, position);
  return static_cast<double>(((std::uint64_t{words[0]} << 32) | words[1]) >> 11) * 0x1p-53;
}

[[noreturn]] void diverged() {
  fail(ErrorCode::diverged, "the model's logits are not numbers: its weights are damaged");
}

std::int32_t likeliest(std::span<const float> scores) {
  const auto best = std::max_element(scores.begin(), scores.end());
  if (std::isnan(*best)) diverged();
  return static_cast<std::int32_t>(best - scores.begin());
}

/// The token where the probabilities of it and those before it, softmax(scores), first add up to more than `share`.
std::int32_t drawn(std::span<const float> scores, double share) {
  const float top = *std::max_element(scores.begin(), scores.end());
  double total = 0;
  for (const float score : scores) total += static_cast<double>(std::exp(score - top));
  if (!std::isfinite(total)) diverged();
  double sum = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto weight = static_cast<double>(std::exp(scores[i] - top));
    if (weight == 0) continue;
    sum += weight;
    last = i;
    if (sum > share * total) break;
  }
  return static_cast<std::int32_t>(last);
}

struct Sequence {
  std::vector<std::int32_t> tokens;  // the prompt's first
  StopWatch watch;
  TokenLog log = {};
  bool done = false;
};

class SingleSearch final : public Search {
 public:
  SingleSearch(std::span<const std::int32_t> prompt, const SearchRules& rules)
      : rules_(rules),
        prompt_(prompt.size()),
        stream_(rules.options.do_sample ? stream_of(prompt) : 0),
        sequences_(static_cast<std::size_t>(rules.options.num_return_sequences),
                   {{prompt.begin(), prompt.end()}, StopWatch(prompt, rules)}) {}

  std::vector<Continuation> step(std::span<float> logits) override {
    const auto vocabulary = static_cast<std::size_t>(rules_.vocabulary);
    const bool first = certain(0).empty();
    if (first) {  // all begin with the prompt's row
      prepare(sequences_[0], logits);
      for (Sequence& sequence : sequences_) sequence.log = sequences_[0].log;
    }
    std::vector<Continuation> rows;
    std::int32_t row = 0;
    for (std::size_t i = 0; i < sequences_.size(); ++i) {
      Sequence& sequence = sequences_[i];
      if (sequence.done) continue;
      const auto scores = logits.subspan(static_cast<std::size_t>(row) * vocabulary, vocabulary);
      if (!first) prepare(sequence, scores);
      extend(sequence, choose(i, scores));
      if (!sequence.done) rows.push_back({row, sequence.tokens.back()});
      if (!first) ++row;
    }
    return rows;
  }

  std::span<const std::int32_t> certain(std::size_t sequence) const override {
    return std::span(sequences_[sequence].tokens).subspan(prompt_);
  }

  Generation result(std::size_t number) const override {
    const Sequence& sequence = sequences_[number];
    Generation out{{certain(number).begin(), certain(number).end()}, 0, StopReason::requested};
    if (sequence.done) out.reason = rules_.reason(prompt_, sequence.tokens.back(), sequence.watch.stopped());
    sequence.log.write(out);
    return out;
  }

 private:
  void prepare(Sequence& sequence, std::span<float> scores) const {
    sequence.log.note(rules_, scores);
    rules_.processors.apply({sequence.tokens, prompt_}, scores);
  }

  std::int32_t choose(std::size_t number, std::span<const float> scores) const {
    if (!rules_.options.do_sample) return likeliest(scores);
    return drawn(scores, uniform(rules_.options.seed, stream_ + number, certain(number).size()));
  }

  void extend(Sequence& sequence, std::int32_t token) const {
    sequence.tokens.push_back(token);
    sequence.log.chose(token);
    const auto written = static_cast<std::int32_t>(sequence.tokens.size() - prompt_);
    sequence.done = sequence.watch.stops(token) || rules_.ends(token) || written == rules_.most_new(prompt_);
  }

  const SearchRules& rules_;
  std::size_t prompt_;
  std::uint64_t stream_;
  std::vector<Sequence> sequences_;
};

}  // namespace

std::unique_ptr<Search> single_search(std::span<const std::int32_t> prompt, const SearchRules& rules) {
  return std::make_unique<SingleSearch>(prompt, rules);
}

}  // namespace gpt
