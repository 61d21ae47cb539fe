// The states of a frozen decoder, computed once, so that a head trains on them in seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "gpt/data/example.h"
#include "gpt/head/head.h"
#include "gpt/model/hidden.h"

namespace gpt {

class Decoder;
class Threads;

/// A row for each sequence of the examples where the head reads one (Head::reads), else a row a token; float32 in
/// memory. The decoder runs without dropout. The same bits for any number of threads.
class Features {
 public:
  /// What they take in memory, known beforehand.
  static std::int64_t bytes(const Decoder& decoder, const Head& head, std::span<const Example> examples);

  /// The examples must outlive the features. `progress` gets the number of examples done.
  Features(const Decoder& decoder, const Head& head, std::span<const Example> examples, std::int64_t batch_size,
           Threads& threads, const std::function<void(std::size_t)>& progress = {});

  /// Of the batch of these examples: [tokens, hidden], or [sequences, hidden] where the head reads one row a sequence.
  Hidden hidden(Tape& tape, std::span<const std::uint32_t> indices) const;

 private:
  std::vector<std::int64_t> first_;  ///< row of each example, and the end
  Tensor rows_;
};

}  // namespace gpt
