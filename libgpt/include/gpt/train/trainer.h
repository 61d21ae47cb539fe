// Loss -> update, many times: batches in a seeded order, backward, clipping, AdamW, checkpoints.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

#include "gpt/data/example.h"
#include "gpt/data/example_source.h"
#include "gpt/head/head.h"
#include "gpt/train/options.h"

namespace gpt {

class Decoder;
class Threads;

/// One optimizer step, as trainer_state.json records it.
struct StepRecord {
  std::int64_t step = 0;  ///< 1-based
  double epoch = 0, loss = 0, learning_rate = 0, grad_norm = 0;
};

struct TrainPlan {
  std::int64_t examples = 0, steps = 0, steps_per_epoch = 0, first_step = 0;  ///< first_step > 0: resumed
};

struct TrainResult {
  std::vector<StepRecord> records;  ///< every step, those before a resume included
  std::int64_t steps = 0;
  double epochs = 0, mean_loss = 0;
  std::int64_t tokens = 0;           ///< trained on in this process
  double seconds = 0;                ///< in this process, evaluation left out
  std::size_t activation_bytes = 0;  ///< the most the step needed at once
  bool stopped = false;              ///< on request
};

struct TrainHooks {
  std::function<void(const TrainPlan&)> started;
  std::function<void(const StepRecord&)> stepped;
  /// Called every eval_steps and at the end of each epoch when set.
  std::function<void(const StepRecord&)> evaluate;
  /// Asked after each step; true: save a checkpoint and return with stopped = true.
  std::function<bool()> stop_requested;
};

/// Trains every trainable parameter of decoder and head. Checkpoints go to checkpoints/checkpoint-STEP, each complete
/// or absent. Same options, data and seed: the same weights to the last bit, for any number of threads, interrupted or
/// not. `resume`: the folder of a checkpoint, or empty. Errors: diverged when a loss or gradient is not finite (names
/// the step; the last checkpoint stays), mismatch when a checkpoint belongs to another run.
TrainResult train(Decoder& decoder, Head& head, const ExampleSource& examples, const TrainOptions& options,
                  Threads& threads, const std::filesystem::path& checkpoints, const std::filesystem::path& resume,
                  const TrainHooks& hooks);
/// The same from a list.
TrainResult train(Decoder& decoder, Head& head, std::span<const Example> examples, const TrainOptions& options,
                  Threads& threads, const std::filesystem::path& checkpoints, const std::filesystem::path& resume,
                  const TrainHooks& hooks);

struct MeanLoss {
  double loss = 0;         ///< mean over the terms; of a language model in nats a token
  std::int64_t terms = 0;  ///< what the head counts: sequences, or tokens that were predicted
};

/// The head's loss over examples, nothing trained. The same for any thread count. `progress` gets the number done.
MeanLoss mean_loss(const Decoder& decoder, Head& head, const ExampleSource& examples,
                   std::span<const std::uint32_t> indices, std::int64_t batch_size, Threads& threads,
                   const std::function<void(std::size_t)>& progress = {});

/// The newest complete checkpoint-STEP in a folder; empty if there is none.
std::filesystem::path newest_checkpoint(const std::filesystem::path& folder);

/// What the head answers for each example (Head::forward, its rows), in batches of about batch_size sequences of
/// similar length. The same for any thread count. `progress` gets the number of examples done.
std::vector<std::vector<float>> infer(const Decoder& decoder, Head& head, std::span<const Example> examples,
                                      std::int64_t batch_size, Threads& threads,
                                      const std::function<void(std::size_t)>& progress = {});

}  // namespace gpt
