// How fast a model trains, answers, reads and writes on this machine, and what share of the machine's limits that is.
#pragma once

#include <cstdint>

#include "gpt/generate/options.h"
#include "gpt/model/decoder.h"
#include "gpt/model/lora.h"
#include "gpt/tensor/parallel.h"
#include "gptask/toolkit/request.h"

namespace gptask {

/// Sequences of random tokens, all of one length.
struct TrainingWork {
  bool language_model = true;  ///< every token predicts the next; false: two classes from the last token
  Tuning tuning = Tuning::full;
  gpt::LoraOptions lora;  ///< of Tuning::lora
  std::int64_t batch_size = 4, length = 256;
  std::int64_t steps = 3;      ///< measured, after two that warm up
  bool checkpointing = false;  ///< Decoder::set_gradient_checkpointing
};

struct Speed {
  double seconds = 0;            ///< of the median step; of one pass
  double tokens_per_second = 0;  ///< of the input; in decoding: written
  double operations = 0;         ///< a second, as operations_per_token counts
  double bytes = 0;              ///< a second, of weights, keys and values; decoding alone
};

/// Operations (a multiplication and an addition are two) for a token of sequences of `length`: 6 for each weight of the
/// blocks and, in a language model, the output projection; 4 where they are frozen and gradients pass through; 2 in a
/// forward pass alone; of a classifier's last block what meets the last token alone counts for that one. Causal
/// attention besides, 6 or 2 for each multiplication. What is computed again, the optimizer and everything that is no
/// matrix product do not count.
double operations_per_token(const gpt::Decoder& decoder, const TrainingWork& work, bool training);

/// Whole training steps: forward, backward, clipping, AdamW. What is trainable in the decoder afterwards is what the
/// work says. Errors: those of train() and add_lora.
Speed measure_training(gpt::Decoder& decoder, const TrainingWork& work, gpt::Threads& threads);
/// The forward passes of an evaluation on such a batch: logits of each example, or the mean loss of a language model.
Speed measure_evaluation(const gpt::Decoder& decoder, const TrainingWork& work, gpt::Threads& threads);

struct WritingWork {
  std::int64_t prompt_tokens = 8, new_tokens = 64;
  std::int32_t sequences = 1, beams = 1;
  int rounds = 3;
};
struct WritingSpeed {
  Speed prompt, decoding;  ///< each the best of the rounds; no decoding for one new token
};
/// Reads prompts of random tokens and continues them greedily, or by beam search: tokens a second of all sequences
/// together, a sequence's beams counted once.
WritingSpeed measure_writing(const gpt::Decoder& decoder, const WritingWork& work, gpt::Threads& threads);

}  // namespace gptask
