// Rules that change the scores of the next token, each as Transformers has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gpt/generate/options.h"

namespace gpt {

/// What was written so far: the prompt's tokens and then new ones.
struct Written {
  std::span<const std::int32_t> tokens;
  std::size_t prompt;  ///< how many of them are the prompt's
};

/// Holds nothing that changes: many threads may apply it at once.
class LogitsProcessor {
 public:
  virtual ~LogitsProcessor();
  /// scores: one a token of the vocabulary; logits, or log-probabilities in a beam search.
  virtual void apply(const Written& written, std::span<float> scores) const = 0;
};

/// What do_sample asks for: temperature, top_k, top_p, min_p. In that order.
void add_sampling_rules(const GenerateOptions& options, std::vector<std::unique_ptr<LogitsProcessor>>& list);

/// Those that the options ask for, in Transformers' order.
class LogitsProcessors {
 public:
  LogitsProcessors(const GenerateOptions& options, std::span<const std::int32_t> end_tokens);
  void apply(const Written& written, std::span<float> scores) const {
    for (const auto& processor : list_) processor->apply(written, scores);
  }

 private:
  std::vector<std::unique_ptr<LogitsProcessor>> list_;
};

}  // namespace gpt
