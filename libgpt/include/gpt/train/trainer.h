// Loss -> update, many times: batches in a seeded order, backward, clipping, AdamW, checkpoints.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <vector>

#include "gpt/data/example.h"
#include "gpt/data/example_source.h"
#include "gpt/head/head.h"
#include "gpt/train/options.h"

namespace gpt {

class Decoder;
class Features;
class Threads;

/// One optimizer step, as trainer_state.json records it.
struct StepRecord {
  std::int64_t step = 0;  ///< 1-based
  double epoch = 0, loss = 0, learning_rate = 0, grad_norm = 0;
};

/// An evaluation on the way.
struct EvalRecord {
  std::int64_t step = 0;
  double epoch = 0;
  double score = 0;              ///< what tells which is best
  nlohmann::ordered_json entry;  ///< whatever the caller wants to find again after a resume
};

struct TrainPlan {
  std::int64_t examples = 0, steps = 0;
  std::int64_t steps_per_epoch = 0;  ///< of the first, where max_batch_tokens makes them differ
  std::int64_t first_step = 0;       ///< above 0: resumed
  std::int64_t largest_pass = 0;     ///< tokens whose activations are held at once, at most
  std::int64_t most_passes = 0;      ///< of a step
};

/// What train() will do. Error invalid_option as there.
TrainPlan plan_training(std::span<const Example> examples, const TrainOptions& options);

/// The rows of the states that training reads: the head's, or all for the loss of a language model beside it.
StateRows rows_read(const Head& head, const TrainOptions& options);

struct TrainResult {
  std::vector<StepRecord> records;      ///< every step, those before a resume included
  std::vector<EvalRecord> evaluations;  ///< likewise
  std::int64_t steps = 0;
  double epochs = 0, mean_loss = 0;
  std::int64_t tokens = 0;           ///< trained on in this process
  double seconds = 0;                ///< in this process, evaluation left out
  std::size_t activation_bytes = 0;  ///< activations and gradients, the most that a step held at once
  bool stopped = false;              ///< on request
  bool stopped_early = false;        ///< patience ran out
  std::int64_t best_step = 0;        ///< of the best evaluation; 0: there was none
  double best_score = 0;
  std::filesystem::path best_checkpoint;  ///< of the best step; empty where none was saved
};

struct TrainHooks {
  std::function<void(const TrainPlan&)> started;
  std::function<void(const StepRecord&)> stepped;
  /// Called every eval_steps, else at the end of each epoch; after the last step only with load_best. No value:
  /// interrupted, the next run of a resume calls it for this step again.
  std::function<std::optional<EvalRecord>(const StepRecord&)> evaluate;
  /// Asked after each step; true: save a checkpoint and return with stopped = true.
  std::function<bool()> stop_requested;
};

/// Trains every trainable parameter of decoder and head. Checkpoints go to checkpoints/checkpoint-STEP, each complete
/// or absent. Same options, data and seed: the same weights to the last bit, for any number of threads, interrupted or
/// not. A decoder with nothing to train runs without dropout; `features` are its states of the examples where they are
/// kept (train/features.h). `resume`: the folder of a checkpoint, or empty. Errors: diverged when a loss or gradient is
/// not finite (names the step; the last checkpoint stays), mismatch when a checkpoint belongs to another run.
TrainResult train(Decoder& decoder, Head& head, const ExampleSource& examples, const TrainOptions& options,
                  Threads& threads, const std::filesystem::path& checkpoints, const std::filesystem::path& resume,
                  const TrainHooks& hooks, const Features* features = nullptr);
/// The same from a list.
TrainResult train(Decoder& decoder, Head& head, std::span<const Example> examples, const TrainOptions& options,
                  Threads& threads, const std::filesystem::path& checkpoints, const std::filesystem::path& resume,
                  const TrainHooks& hooks, const Features* features = nullptr);

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

/// What the head answers for each example (Head::forward, its rows), in batches of about batch_size examples of
/// similar length. The same for any thread count. `progress` gets the number of examples done. `features`: of these
/// examples, where the decoder's states are kept.
std::vector<std::vector<float>> infer(const Decoder& decoder, Head& head, std::span<const Example> examples,
                                      std::int64_t batch_size, Threads& threads,
                                      const std::function<void(std::size_t)>& progress = {},
                                      const Features* features = nullptr);

}  // namespace gpt
