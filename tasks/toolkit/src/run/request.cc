#include "gptask/toolkit/request.h"

#include <cmath>

#include "gpt/core/error.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;

void at_least(const char* name, std::int64_t value, std::int64_t least) {
  if (value < least) fail(ErrorCode::invalid_option, "--{} must be at least {}, not {}", name, least, value);
}

void in_range(const char* name, double value, double low, double high) {
  if (!(value >= low && value <= high))
    fail(ErrorCode::invalid_option, "--{} must be between {} and {}, not {}", name, low, high, value);
}

void required(const char* name, const std::filesystem::path& value) {
  if (value.empty()) fail(ErrorCode::invalid_option, "--{} is missing", name);
}

void check_training(const gpt::TrainOptions& train) {
  in_range("learning_rate", train.learning_rate, 0, 100);
  if (train.schedule == gpt::Schedule::polynomial && train.learning_rate <= gpt::polynomial_end)
    fail(ErrorCode::invalid_option,
         "--lr_scheduler_type polynomial goes down to {}, so --learning_rate must be above that, not {}",
         gpt::polynomial_end, train.learning_rate);
  in_range("weight_decay", train.weight_decay, 0, 100);
  in_range("max_grad_norm", train.max_grad_norm, 0, 1e9);
  in_range("warmup_ratio", train.warmup_ratio, 0, 1);
  if (train.max_steps <= 0 && !(train.epochs > 0 && train.epochs < 1e6))
    fail(ErrorCode::invalid_option, "--num_train_epochs must be above 0, not {}", train.epochs);
  at_least("max_batch_tokens", train.max_batch_tokens, 0);
  at_least("max_activation_tokens", train.max_activation_tokens, 0);
  at_least("per_device_train_batch_size", train.batch_size, train.max_batch_tokens > 0 ? 0 : 1);
  in_range("lm_coef", train.lm_coefficient, 0, 1e6);
  at_least("gradient_accumulation_steps", train.accumulation, 1);
  at_least("warmup_steps", train.warmup_steps, 0);
  at_least("logging_steps", train.logging_steps, 1);
  at_least("save_steps", train.save_steps, 0);
  at_least("save_total_limit", train.save_total_limit, 0);
  at_least("eval_steps", train.eval_steps, 0);
  at_least("early_stopping_patience", train.early_stopping_patience, 0);
  in_range("early_stopping_threshold", train.early_stopping_threshold, 0, 1e9);
}

/// What needs evaluations on the way, and what these need.
void check_evaluations(const FinetuneRequest& request) {
  const bool on_the_way = request.eval_strategy != EvalStrategy::no;
  const auto needs_strategy = [&](const char* name, bool given) {
    if (given && !on_the_way) fail(ErrorCode::invalid_option, "--{} needs --eval_strategy steps or epoch", name);
  };
  needs_strategy("load_best_model_at_end", request.train.load_best);
  needs_strategy("save_strategy best", request.train.save_best);
  needs_strategy("early_stopping_patience", request.train.early_stopping_patience > 0);
  if (request.eval_strategy == EvalStrategy::steps && request.train.eval_steps < 1)
    fail(ErrorCode::invalid_option, "--eval_strategy steps needs --eval_steps");
  if (on_the_way && request.validation_file.empty() && request.validation_split == 0 && request.folds == 0)
    fail(ErrorCode::invalid_option, "--eval_strategy needs --validation_file or --validation_split");
}

void check_folds(const FinetuneRequest& request) {
  if (request.folds == 0) return;
  if (request.folds < 2 || request.folds > 100)
    fail(ErrorCode::invalid_option, "--folds must be between 2 and 100, not {}", request.folds);
  if (request.fold < 0 || request.fold >= request.folds)
    fail(ErrorCode::invalid_option, "fold {} of {}", request.fold, request.folds);
  if (!request.validation_file.empty() || request.validation_split > 0)
    fail(ErrorCode::invalid_option,
         "--folds makes validation sets of the training rows; drop --validation_file and --validation_split");
}

}  // namespace

std::string_view tuning_name(Tuning tuning) noexcept {
  switch (tuning) {
    case Tuning::full:
      return "full";
    case Tuning::lora:
      return "lora";
    case Tuning::head:
      return "head";
  }
  return "";
}

Tuning parse_tuning(std::string_view name) {
  for (const Tuning tuning : {Tuning::full, Tuning::lora, Tuning::head})
    if (tuning_name(tuning) == name) return tuning;
  fail(ErrorCode::invalid_option, "--tuning takes one of full, lora, head, not \"{}\"", name);
}

double default_learning_rate(Tuning tuning) noexcept {
  switch (tuning) {
    case Tuning::full:
      return 5e-5;
    case Tuning::lora:
      return 5e-4;
    case Tuning::head:
      return 1e-3;
  }
  return 0;
}

void check(const FinetuneRequest& request) {
  required("model", request.model);
  required("train_file", request.train_file);
  required("output_dir", request.output_dir);
  check_training(request.train);
  if (!(request.validation_split >= 0 && request.validation_split < 1))
    fail(ErrorCode::invalid_option,
         "--validation_split is a share of the training rows, at least 0 and below 1, not {}",
         request.validation_split);
  if (request.validation_split > 0 && !request.validation_file.empty())
    fail(ErrorCode::invalid_option, "--validation_split and --validation_file exclude each other; drop one");
  if (!request.mismatched_file.empty() && request.validation_file.empty())
    fail(ErrorCode::invalid_option, "--validation_mismatched_file is a second set; --validation_file names the first");
  check_folds(request);
  check_evaluations(request);
  if (request.tuning == Tuning::head && request.train.lm_coefficient > 0)
    fail(ErrorCode::invalid_option,
         "--lm_coef trains the model on its own text, and --tuning head trains no part of it; take lora or full");
  at_least("feature_cache_mb", request.feature_cache_bytes, 0);
  at_least("per_device_eval_batch_size", request.eval_batch_size, 1);
  at_least("max_train_samples", request.max_train_samples, 0);
  at_least("max_eval_samples", request.max_eval_samples, 0);
  at_least("max_predict_samples", request.max_predict_samples, 0);
  at_least("max_seq_length", request.max_tokens, -1);
  at_least("threads", request.threads, 0);
  if (request.tuning != Tuning::lora) return;
  at_least("lora_r", request.lora.rank, 1);
  in_range("lora_alpha", request.lora.alpha, 0, 1e6);
  if (!(request.lora.dropout >= 0 && request.lora.dropout < 1))
    fail(ErrorCode::invalid_option, "--lora_dropout must be at least 0 and below 1, not {}", request.lora.dropout);
}

void check(const EvaluateRequest& request) {
  required("model", request.models.empty() ? std::filesystem::path() : request.models[0]);
  required("test_file", request.test_files.empty() ? std::filesystem::path() : request.test_files[0]);
  required("output_dir", request.output_dir);
  if (request.resume && request.overwrite)
    gpt::fail(gpt::ErrorCode::invalid_option,
              "--resume_from_checkpoint continues an evaluation and --overwrite_output_dir replaces it; choose one");
  at_least("bootstrap_samples", request.bootstrap.samples, 0);
  at_least("per_device_eval_batch_size", request.batch_size, 1);
  at_least("max_eval_samples", request.max_samples, 0);
  at_least("threads", request.threads, 0);
  at_least("latency_samples", request.latency_samples, 0);
}

}  // namespace gptask
