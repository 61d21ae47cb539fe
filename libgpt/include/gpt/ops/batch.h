// What a step works on: examples, and packed batches of them: one row of tokens, no padding, and the offsets where
// sequences start. Operations see the offsets, heads the targets.
#pragma once

#include <cstdint>
#include <vector>

namespace gpt {

/// What a head should answer for one sequence; a task fills the fields its head reads.
struct Target {
  std::int32_t label = -1;             ///< class index; -1: unknown
  std::vector<float> values = {};      ///< regression targets, multi-label 0/1
  std::int32_t first = -1, last = -1;  ///< a span of token positions within the sequence, last inclusive
  std::int32_t loss_from = 0;          ///< language models: the first position whose token is a target
};

struct Example {
  std::vector<std::int32_t> tokens;  ///< at least one
  Target target;
  /// Where a second, a third sequence begins among the tokens (both orders of a pair, the choices of a question);
  /// empty: the tokens are one sequence.
  std::vector<std::int32_t> starts = {};
};

/// sequences() sequences with tokens.size() tokens in all: sequence i is tokens[offsets[i], offsets[i+1]).
struct Batch {
  std::vector<std::int32_t> tokens;
  std::vector<std::int32_t> offsets{0};
  std::vector<Target> targets;  ///< one a sequence; the sequences of an example have its target each
  /// Where each example's sequences start, and the end of the last; empty: every example is one sequence.
  std::vector<std::int32_t> groups = {};
  /// How many tokens of each sequence came before this batch (they lie in a cache); empty: none did. A token's position
  /// is its sequence's past plus its index.
  std::vector<std::int32_t> past = {};

  std::int32_t sequences() const noexcept { return static_cast<std::int32_t>(offsets.size()) - 1; }
  std::int32_t examples() const noexcept {
    return groups.empty() ? sequences() : static_cast<std::int32_t>(groups.size()) - 1;
  }
  /// Of an example; of examples(): sequences().
  std::int32_t first_sequence(std::int32_t example) const noexcept {
    return groups.empty() ? example : groups[static_cast<std::size_t>(example)];
  }
  const Target& target_of(std::int32_t example) const noexcept {
    return targets[static_cast<std::size_t>(first_sequence(example))];
  }
  std::int32_t token_count() const noexcept { return static_cast<std::int32_t>(tokens.size()); }
  std::int32_t length(std::int32_t sequence) const noexcept {
    return offsets[static_cast<std::size_t>(sequence) + 1] - offsets[static_cast<std::size_t>(sequence)];
  }
  std::int32_t past_of(std::int32_t sequence) const noexcept {
    return past.empty() ? 0 : past[static_cast<std::size_t>(sequence)];
  }
  /// Error mismatch unless `past` is empty or has one number, 0 or more, a sequence.
  void check_past() const;
  /// Error mismatch where an example's starts do not rise from 1 to below its length.
  void add(const Example& example);
  void clear();
};

}  // namespace gpt
