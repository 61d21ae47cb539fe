#include "gpt/generate/generate.h"

#include <algorithm>
#include <memory>

#include "generate/check.h"
#include "generate/search.h"
#include "gpt/core/error.h"
#include "gpt/generate/prompt_cache.h"
#include "gpt/model/decoder.h"
#include "gpt/model/kv_cache.h"
#include "gpt/ops/linear.h"
#include "gpt/tensor/parallel.h"

namespace gpt {
namespace {

using Prompts = std::span<const std::vector<std::int32_t>>;

/// A prompt in work.
struct Active {
  std::size_t prompt;
  std::unique_ptr<Search> search;
  std::vector<Continuation> rows = {};       // of the next step; empty before the first
  std::size_t first_row = 0, row_count = 0;  // in the last step
  std::vector<std::size_t> reported = {};    // tokens, a number a sequence
};

class Run {
 public:
  /// `kept`: of one prompt, the cache may hold the beginning.
  Run(const Decoder& decoder, Prompts prompts, const SearchRules& rules, const GenerateCallbacks& callbacks,
      KvCache* kept = nullptr)
      : decoder_(decoder),
        projection_(decoder.output_projection()),
        prompts_(prompts),
        rules_(rules),
        callbacks_(callbacks),
        sequences_(static_cast<std::size_t>(rules.options.num_return_sequences)),
        own_(kept != nullptr
                 ? nullptr
                 : std::make_unique<KvCache>(decoder.config(), most_rows(), longest(), rules.options.cache_type)),
        cache_(kept != nullptr ? *kept : *own_),
        results_(prompts.size() * sequences_) {
    if (own_) cache_.reorder({});
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
        active.rows =
            active.search->step(logits_.values().subspan(active.first_row * vocabulary, active.row_count * vocabulary));
      });
      report();
    }
    for (const Active& active : active_)
      for (std::size_t i = 0; i < sequences_; ++i) results_[active.prompt * sequences_ + i] = active.search->result(i);
    return std::move(results_);
  }

 private:
  std::int32_t most_rows() const {
    const auto prompts = static_cast<std::int64_t>(prompts_.size());
    return static_cast<std::int32_t>(std::min<std::int64_t>(rules_.options.batch_size, prompts)) *
           std::max(rules_.options.num_beams, rules_.options.num_return_sequences);
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
          {next_prompt_++, rules_.options.num_beams > 1 ? beam_search(prompt, rules_) : single_search(prompt, rules_)});
      active_.back().first_row = parents.size();
      active_.back().row_count = 1;
      active_.back().reported.resize(sequences_);
      const bool begun = own_ == nullptr;
      parents.push_back(begun ? 0 : -1);
      batch.add({{prompt.begin() + (begun ? cache_.length(0) : 0), prompt.end()}, {}});
    }
    cache_.reorder(parents);
    for (std::int32_t s = 0; s < cache_.sequences(); ++s) batch.past.push_back(cache_.length(s));
    return batch;
  }

  void compute_logits(const Batch& batch) {
    Tape tape(arena_, false);
    logits_ = linear(decoder_.forward(tape, batch, StateRows::last, &cache_).states, projection_).value();
  }

  /// Tells of new tokens and takes finished prompts out.
  void report() {
    for (Active& active : active_)
      for (std::size_t i = 0; i < sequences_; ++i) {
        const std::size_t index = active.prompt * sequences_ + i;
        const auto tokens = active.search->certain(i);
        for (; callbacks_.token && active.reported[i] < tokens.size(); ++active.reported[i])
          callbacks_.token(index, tokens[active.reported[i]]);
        if (!active.rows.empty()) continue;
        results_[index] = active.search->result(i);
        if (callbacks_.finished) callbacks_.finished(index, results_[index]);
      }
    const auto done = [](const Active& active) { return active.rows.empty(); };
    active_.erase(std::remove_if(active_.begin(), active_.end(), done), active_.end());
  }

  const Decoder& decoder_;
  Parameter& projection_;
  Prompts prompts_;
  const SearchRules& rules_;
  const GenerateCallbacks& callbacks_;
  std::size_t sequences_;  // of a prompt
  std::unique_ptr<KvCache> own_;
  KvCache& cache_;
  Arena arena_;
  Tensor logits_;  // [rows of the step, vocabulary]
  std::vector<Active> active_;
  std::size_t next_prompt_ = 0;
  std::vector<Generation> results_;
};

SearchRules rules_of(const GenerateOptions& options, Prompts prompts, const ModelConfig& config) {
  check_generate(options, prompts, config);
  const std::vector<std::int32_t> end_tokens = end_tokens_of(options, config);
  return {options, end_tokens, LogitsProcessors(options, end_tokens), config.context, config.vocabulary};
}

}  // namespace

std::vector<Generation> generate(const Decoder& decoder, std::span<const std::vector<std::int32_t>> prompts,
                                 const GenerateOptions& options, Threads& threads, const GenerateCallbacks& callbacks) {
  const SearchRules rules = rules_of(options, prompts, decoder.config());
  std::vector<Generation> out;
  if (prompts.empty()) return out;
  threads.run([&] {
    const Crew crew;
    out = Run(decoder, prompts, rules, callbacks).run();
  });
  return out;
}

Generation generate(const Decoder& decoder, const std::vector<std::int32_t>& prompt, const GenerateOptions& options,
                    Threads& threads, const GenerateCallbacks& callbacks, PromptCache& cache) {
  if (options.num_beams > 1 || options.num_return_sequences > 1)
    fail(ErrorCode::invalid_option, "a prompt cache serves one sequence, without beams");
  const SearchRules rules = rules_of(options, {&prompt, 1}, decoder.config());
  std::vector<Generation> out;
  KvCache& kept = cache.begin(prompt);
  threads.run([&] {
    const Crew crew;
    out = Run(decoder, {&prompt, 1}, rules, callbacks, &kept).run();
  });
  std::vector<std::int32_t> held = prompt;
  held.insert(held.end(), out.front().tokens.begin(), out.front().tokens.end());
  cache.hold(std::move(held));
  return std::move(out.front());
}

}  // namespace gpt
