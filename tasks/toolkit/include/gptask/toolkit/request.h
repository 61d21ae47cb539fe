// What somebody wants done: a fine-tuning run, an evaluation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gpt/core/options.h"
#include "gpt/model/lora.h"
#include "gpt/ops/variable.h"
#include "gpt/plugin/registry.h"
#include "gpt/train/options.h"
#include "gptask/toolkit/bootstrap.h"

namespace gptask {

enum class Tuning { full, lora, head };
enum class EvalStrategy { no, steps, epoch };

std::string_view tuning_name(Tuning tuning) noexcept;
/// Error invalid_option for another name.
Tuning parse_tuning(std::string_view name);

/// The learning rate a kind of tuning starts from where none is given: full 5e-5, lora 5e-4, head 1e-3.
double default_learning_rate(Tuning tuning) noexcept;

struct FinetuneRequest {
  gpt::TaskEntry task;
  gpt::Options task_options;  ///< declared by the task; values as given

  std::filesystem::path model;  ///< folder or .gguf
  std::filesystem::path train_file;
  std::filesystem::path validation_file;  ///< may be empty
  std::filesystem::path mismatched_file;  ///< may be empty; a second validation file, evaluated at the end (MNLI)
  std::filesystem::path test_file;        ///< may be empty; predicted at the end
  std::filesystem::path output_dir;
  double validation_split = 0;  ///< share of the training rows set aside where there is no validation file
  std::int64_t max_train_samples = 0, max_eval_samples = 0, max_predict_samples = 0;  ///< 0: all
  std::int64_t max_tokens = -1;  ///< longest sequence; 0: what the model allows; -1: what the task is used to

  Tuning tuning = Tuning::lora;
  gpt::LoraOptions lora;
  gpt::TrainOptions train;
  EvalStrategy eval_strategy = EvalStrategy::no;  ///< on the way; at the end there is always one
  std::string best_metric;  ///< tells which weights are best, with or without "eval_"; empty: the task's main metric
  std::optional<bool> greater_is_better;  ///< none: unless the metric is a loss or an error
  /// Tuning::head: the most memory for the frozen decoder's states of the examples, which are kept if they fit; 0: they
  /// are computed anew each time.
  std::int64_t feature_cache_bytes = std::int64_t{2} << 30;
  std::int64_t folds = 0, fold = 0;  ///< folds > 1: part `fold` (from 0) of the training rows is the validation set
  std::int64_t eval_batch_size = 16;
  int threads = 0;                      ///< 0: all cores
  bool bf16 = false;                    ///< products in bfloat16 where the machine has them
  bool gradient_checkpointing = false;  ///< see Decoder::set_gradient_checkpointing
  std::int64_t memory_limit = 0;        ///< bytes that the process may hold; 0: what the machine has

  bool overwrite = false;
  bool resume = false;
  std::filesystem::path checkpoint;  ///< with resume: this one; empty: the newest
};

struct EvaluateRequest {
  std::vector<std::filesystem::path> models;  ///< folders that finetune wrote, all for one task
  std::string untuned;                        ///< set: the models are of no task; this one asks them as they are
  std::vector<std::filesystem::path> test_files;
  std::filesystem::path output_dir;
  std::int64_t max_samples = 0;  ///< 0: all
  std::int64_t batch_size = 16;
  int threads = 0;
  gpt::Precision precision = gpt::Precision::float32;  ///< how the weights are held, as in LoadOptions
  std::int64_t memory_limit = 0;                       ///< bytes that the process may hold; 0: what the machine has
  bool overwrite = false;
  bool resume = false;                ///< an interrupted evaluation goes on
  std::int64_t latency_samples = 32;  ///< texts answered one at a time to measure latency
  gpt::Options task_options;          ///< of the model's task: columns and format of this file, where they differ
  BootstrapOptions bootstrap;
  PairedOptions paired;  ///< each further model against the first
};

/// Error invalid_option for values that make no sense, naming the option.
void check(const FinetuneRequest& request);
void check(const EvaluateRequest& request);

}  // namespace gptask
