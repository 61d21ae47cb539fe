#include <algorithm>
#include <cmath>

#include "generate/search.h"
#include "gpt/core/error.h"
#include "kernels/softmax.h"

namespace gpt {
namespace {

struct Beam {
  std::vector<std::int32_t> tokens;  // the prompt's first
  float score;                       // log-probability while it runs, over its length once it has ended
  StopWatch watch;
  TokenLog log = {};
};

struct Candidate {
  float score;
  std::int32_t row, token;
};

/// The best few of a stream of candidates, best first; of equal ones the earlier.
class Best {
 public:
  explicit Best(std::size_t count) : count_(count) { list_.reserve(count + 1); }

  void offer(const Candidate& candidate) {
    if (list_.size() == count_ && !(candidate.score > list_.back().score)) return;
    const auto place =
        std::upper_bound(list_.begin(), list_.end(), candidate,
                         [](const Candidate& one, const Candidate& other) { return one.score > other.score; });
    list_.insert(place, candidate);
    if (list_.size() > count_) list_.pop_back();
  }
  const std::vector<Candidate>& list() const { return list_; }

 private:
  std::size_t count_;
  std::vector<Candidate> list_;
};

class BeamSearch final : public Search {
 public:
  BeamSearch(std::span<const std::int32_t> prompt, const SearchRules& rules)
      : rules_(rules),
        prompt_(prompt.size()),
        beams_(static_cast<std::size_t>(rules.options.num_beams)),
        running_{{{prompt.begin(), prompt.end()}, 0.0F, StopWatch(prompt, rules)}} {}

  std::vector<Continuation> step(std::span<float> logits) override {
    const std::vector<Candidate> candidates = best_candidates(logits);
    const std::int32_t length = ++new_tokens_;
    const bool last = length == rules_.most_new(prompt_);
    std::vector<Beam> next;
    std::vector<Continuation> rows;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (next.size() == beams_ && i >= beams_) break;
      const Candidate& candidate = candidates[i];
      Beam beam = extended(candidate);
      if (last || rules_.ends(candidate.token) || beam.watch.stopped()) {
        beam.score /= penalty(length);
        if (i < beams_) finish(std::move(beam));
      } else if (next.size() < beams_) {
        next.push_back(std::move(beam));
        rows.push_back({candidate.row, candidate.token});
      }
    }
    running_ = std::move(next);
    if (last || hopeless()) {
      running_.clear();
      rows.clear();
    }
    return rows;
  }

  std::span<const std::int32_t> certain(std::size_t sequence) const override {
    if (!running_.empty()) return {};
    return std::span(finished_[sequence].tokens).subspan(prompt_);
  }

  Generation result(std::size_t sequence) const override {
    const bool ended = sequence < finished_.size();
    const std::size_t place = ended ? sequence : sequence - finished_.size();
    if (!ended && place >= running_.size()) return {};  // stopped before there were so many
    const Beam& beam = ended ? finished_[place] : running_[place];
    Generation out{{beam.tokens.begin() + static_cast<std::ptrdiff_t>(prompt_), beam.tokens.end()},
                   static_cast<double>(beam.score),
                   StopReason::requested};
    if (running_.empty()) out.reason = rules_.reason(prompt_, beam.tokens.back(), beam.watch.stopped());
    if (!ended && new_tokens_ > 0) out.score /= static_cast<double>(penalty(new_tokens_));
    beam.log.write(out);
    return out;
  }

 private:
  /// Enough of the likeliest continuations of all beams that num_beams do not end, however many of them do.
  std::vector<Candidate> best_candidates(std::span<float> logits) {
    Best best(std::max<std::size_t>(2, 1 + rules_.end_tokens.size()) * beams_);
    const auto vocabulary = static_cast<std::size_t>(rules_.vocabulary);
    for (std::size_t row = 0; row < running_.size(); ++row) {
      const std::span<float> scores = logits.subspan(row * vocabulary, vocabulary);
      running_[row].log.note(rules_, scores);
      const kernels::LogSum sum = kernels::log_sum_exp(rules_.vocabulary, scores.data());
      if (!std::isfinite(sum.total()))
        fail(ErrorCode::diverged, "the model's logits are not numbers: its weights are damaged");
      for (float& score : scores) score = (score - sum.top) - sum.log_sum;
      rules_.processors.apply({running_[row].tokens, prompt_}, scores);
      for (std::size_t token = 0; token < vocabulary; ++token)
        best.offer(
            {scores[token] + running_[row].score, static_cast<std::int32_t>(row), static_cast<std::int32_t>(token)});
    }
    return best.list();
  }

  Beam extended(const Candidate& candidate) const {
    Beam beam = running_[static_cast<std::size_t>(candidate.row)];
    beam.score = candidate.score;
    beam.tokens.push_back(candidate.token);
    beam.watch.stops(candidate.token);
    beam.log.chose(candidate.token);
    return beam;
  }

  float penalty(std::int32_t length) const {
    return static_cast<float>(std::pow(static_cast<double>(length), rules_.options.length_penalty));
  }

  /// Into the list of the num_beams best, best first.
  void finish(Beam beam) {
    const auto place = std::upper_bound(finished_.begin(), finished_.end(), beam,
                                        [](const Beam& one, const Beam& other) { return one.score > other.score; });
    finished_.insert(place, std::move(beam));
    if (finished_.size() > beams_) finished_.pop_back();
  }

  /// Whether going on cannot, or by the options' rule should not, improve on what is finished.
  bool hopeless() const {
    if (running_.empty()) return true;
    if (finished_.size() < beams_) return false;
    const GenerateOptions& options = rules_.options;
    if (options.early_stopping == EarlyStopping::yes) return true;
    const bool longest = options.early_stopping == EarlyStopping::never && options.length_penalty > 0;
    const float attainable = running_.front().score / penalty(longest ? rules_.most_new(prompt_) : new_tokens_);
    return !(attainable > finished_.back().score);
  }

  const SearchRules& rules_;
  std::size_t prompt_, beams_;
  std::int32_t new_tokens_ = 0;
  std::vector<Beam> running_, finished_;  // best first
};

}  // namespace

std::unique_ptr<Search> beam_search(std::span<const std::int32_t> prompt, const SearchRules& rules) {
  return std::make_unique<BeamSearch>(prompt, rules);
}

}  // namespace gpt
