#include "gpt/generate/generate.h"

#include <algorithm>
#include <memory>

#include "generate/check.h"
#include "generate/search.h"
#include "gpt/core/error.h"
#include "gpt/model/decoder.h"
#include "gpt/model/kv_cache.h"
#include "gpt/ops/pool.h"
#include "gpt/tensor/gemm.h"
#include "gpt/tensor/parallel.h"

namespace gpt {
namespace {

using Prompts = std::span<const std::vector<std::int32_t>>;

constexpr std::int64_t kStepTokens = 2048;  // new prompts wait when a step has this many tokens

/// A prompt in work.
struct Active {
  std::size_t prompt;
  std::unique_ptr<Search> search;
  std::vector<Continuation> rows = {};       // of the next step; empty before the first
  std::size_t first_row = 0, row_count = 0;  // in the last step
  std::size_t reported = 0;
};

class Run {
 public:
  Run(const Decoder& decoder, Prompts prompts, const SearchRules& rules, const GenerateCallbacks& callbacks)
      : decoder_(decoder),
        projection_(decoder.output_projection().value),
        prompts_(prompts),
        rules_(rules),
        callbacks_(callbacks),
        cache_(decoder.config(), most_rows(), longest()),
        results_(prompts.size()) {
    cache_.reorder({});
  }

  /// prompts and last tokens -> decoder -> logits of each row's next token -> the searches' choices.
  std::vector<Generation> run() {
    while (!active_.empty() || next_prompt_ < prompts_.size()) {
      if (callbacks_.stop_requested && callbacks_.stop_requested()) break;
      const Batch batch = next_batch();
      compute_logits(batch);
      parallel_for(static_cast<std::int64_t>(active_.size()), [&](std::int64_t i) {
        Active& active = active_[static_cast<std::size_t>(i)];
        const auto vocabulary = static_cast<std::size_t>(rules_.vocabulary);
        active.rows = active.search->step(
            std::span(logits_).subspan(active.first_row * vocabulary, active.row_count * vocabulary));
      });
      report();
    }
    for (const Active& active : active_) results_[active.prompt] = active.search->result();
    return std::move(results_);
  }

 private:
  std::int32_t most_rows() const {
    const auto prompts = static_cast<std::int64_t>(prompts_.size());
    return static_cast<std::int32_t>(std::min<std::int64_t>(rules_.options.batch_size, prompts)) *
           rules_.options.num_beams;
  }

  std::int64_t longest() const {
    std::int64_t tokens = 0;
    for (const auto& prompt : prompts_)
      tokens = std::max(tokens, static_cast<std::int64_t>(prompt.size()) + rules_.most_new(prompt.size()));
    return tokens;
  }

  /// The searches' rows, then new prompts as far as there is room; the cache in the same order.
  Batch next_batch() {
    Batch batch;
    std::vector<std::int32_t> parents;
    for (Active& active : active_) {
      const std::size_t first = parents.size();
      for (const Continuation& row : active.rows) {
        parents.push_back(static_cast<std::int32_t>(active.first_row) + row.parent);
        batch.add({{row.token}, {}});
      }
      active.first_row = first;
      active.row_count = active.rows.size();
    }
    while (next_prompt_ < prompts_.size() && active_.size() < static_cast<std::size_t>(rules_.options.batch_size) &&
           (active_.empty() || batch.token_count() < kStepTokens)) {
      const auto& prompt = prompts_[next_prompt_];
      active_.push_back(
          {next_prompt_++, rules_.options.num_beams > 1 ? beam_search(prompt, rules_) : greedy_search(prompt, rules_)});
      active_.back().first_row = parents.size();
      active_.back().row_count = 1;
      parents.push_back(-1);
      batch.add({prompt, {}});
    }
    cache_.reorder(parents);
    for (std::int32_t s = 0; s < cache_.sequences(); ++s) batch.past.push_back(cache_.length(s));
    return batch;
  }

  void compute_logits(const Batch& batch) {
    Tape tape(arena_, false);
    const Variable last = pool_last(decoder_.forward(tape, batch, &cache_).states, batch);
    logits_.resize(static_cast<std::size_t>(last.rows() * rules_.vocabulary));
    gemm(last.rows(), rules_.vocabulary, last.columns(), 1.0F, {last.value().data(), last.columns()},
         {projection_.data(), last.columns(), true}, 0.0F, logits_.data(), rules_.vocabulary);
  }

  /// Tells of new tokens and takes finished prompts out.
  void report() {
    for (Active& active : active_) {
      const auto tokens = active.search->certain();
      for (; callbacks_.token && active.reported < tokens.size(); ++active.reported)
        callbacks_.token(active.prompt, tokens[active.reported]);
      if (!active.rows.empty()) continue;
      results_[active.prompt] = active.search->result();
      if (callbacks_.finished) callbacks_.finished(active.prompt, results_[active.prompt]);
    }
    const auto done = [](const Active& active) { return active.rows.empty(); };
    active_.erase(std::remove_if(active_.begin(), active_.end(), done), active_.end());
  }

  const Decoder& decoder_;
  const Tensor projection_;
  Prompts prompts_;
  const SearchRules& rules_;
  const GenerateCallbacks& callbacks_;
  KvCache cache_;
  Arena arena_;
  std::vector<float> logits_;  // [rows of the step, vocabulary]
  std::vector<Active> active_;
  std::size_t next_prompt_ = 0;
  std::vector<Generation> results_;
};

}  // namespace

std::vector<Generation> generate(const Decoder& decoder, std::span<const std::vector<std::int32_t>> prompts,
                                 const GenerateOptions& options, Threads& threads, const GenerateCallbacks& callbacks) {
  const ModelConfig& config = decoder.config();
  check_generate(options, prompts, config);
  std::vector<Generation> out;
  if (prompts.empty()) return out;
  const std::vector<std::int32_t> end_tokens = end_tokens_of(options, config);
  const SearchRules rules{options, end_tokens, LogitsProcessors(options, end_tokens), config.context,
                          config.vocabulary};
  threads.run([&] { out = Run(decoder, prompts, rules, callbacks).run(); });
  return out;
}

}  // namespace gpt
