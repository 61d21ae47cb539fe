// How much memory a decoder's work takes, by formula; docs/memory.md has them in words, with what was measured.
#pragma once

#include <cstdint>

#include "gpt/model/config.h"
#include "gpt/model/hidden.h"

namespace gpt {

/// What decides over the memory of a pass.
struct PassMemory {
  std::int64_t tokens = 0;   ///< in the pass
  std::int64_t longest = 0;  ///< in one of its sequences
  int threads = 1;
  bool bf16 = false;                  ///< products in bfloat16
  StateRows rows = StateRows::every;  ///< which the head reads
  bool next_tokens = false;           ///< a loss, or log-probabilities, over the vocabulary at each token
  bool all_weights = false;           ///< trained; false: adapters alone
  std::int64_t gradients = 0;         ///< numbers that the gradients of all that is trained have
  bool several = false;               ///< passes in a step: the gradients of one are there while the next goes on
  std::int64_t lora_rank = 0;         ///< 0: no adapters
  bool dropout = false, lora_dropout = false;
  bool checkpointing = false;
};

/// Bytes of activations, gradients and work space that a forward and backward pass holds at its peak.
std::int64_t training_pass_bytes(const ModelConfig& config, const PassMemory& pass);

/// The same of a forward pass that records nothing.
std::int64_t forward_pass_bytes(const ModelConfig& config, const PassMemory& pass);

}  // namespace gpt
