// Which examples each pass of each step takes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gpt/data/example_source.h"
#include "gpt/train/options.h"

namespace gpt {

/// A new order each epoch, from data_seed or the seed; cut into passes of at most batch_size sequences and
/// max_batch_tokens tokens, and into steps of `accumulation` passes. It depends on nothing but the options and the
/// examples' lengths.
class Order {
 public:
  /// Error invalid_option for an example that no pass can hold.
  Order(const ExampleSource& examples, const TrainOptions& options);

  /// Of the whole run.
  std::int64_t steps();
  /// Of the first epoch; where passes are cut by tokens, another may have a few more or less.
  std::int64_t steps_per_epoch() { return first_step(1); }
  /// How many epochs `steps` steps are.
  double epochs_after(std::int64_t steps);
  bool ends_epoch(std::int64_t steps);
  /// Tokens of the largest pass there can be.
  std::int64_t largest_pass() const;
  /// Of the steps that this run will have; of those there can be where a run is too long to look at.
  struct Largest {
    std::int64_t part = 0;   ///< tokens
    std::int64_t parts = 0;  ///< of a step, all its passes together
  };
  Largest largest();

  /// The passes of a step (from 0); valid until the next call.
  std::vector<std::span<const std::uint32_t>> passes(std::int64_t step);
  /// A pass cut into parts of about the same number of tokens, max_activation_tokens at most (an example that has more
  /// is a part by itself).
  std::vector<std::span<const std::uint32_t>> parts(std::span<const std::uint32_t> pass) const;

 private:
  struct Epoch {
    std::vector<std::uint32_t> order;
    std::vector<std::size_t> cuts;  ///< where passes begin, and the end
  };
  std::uint64_t seed() const { return options_.data_seed.value_or(options_.seed); }
  bool by_tokens() const { return options_.max_batch_tokens > 0; }
  std::int64_t length(std::uint32_t example) const { return static_cast<std::int64_t>(lengths_[example]); }
  std::int64_t tokens_of(std::span<const std::uint32_t> examples) const;
  std::size_t sorted_at_once() const;
  Epoch make(std::int64_t epoch) const;
  std::vector<std::size_t> cut(const std::vector<std::uint32_t>& order) const;
  void shuffle_passes(Epoch& epoch, std::int64_t number) const;
  std::int64_t first_step(std::int64_t epoch);
  std::int64_t epoch_of(std::int64_t step);

  std::vector<std::uint32_t> lengths_;
  std::int64_t tokens_ = 0;  ///< of all examples
  TrainOptions options_;
  std::vector<std::int64_t> first_steps_{0};  ///< of the epochs looked at so far
  std::int64_t current_ = -1;
  Epoch epoch_;
};

}  // namespace gpt
