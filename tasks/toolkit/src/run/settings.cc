// What a run was asked for and what it read, as records.
#include <fmt/format.h>

#include <string_view>

#include "gpt/data/example.h"
#include "run/inputs.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;

std::string_view strategy_name(EvalStrategy strategy) {
  switch (strategy) {
    case EvalStrategy::no:
      return "no";
    case EvalStrategy::steps:
      return "steps";
    case EvalStrategy::epoch:
      return "epoch";
  }
  return "";
}

/// What decides over the weights that a run ends with.
Json training_settings(const FinetuneRequest& request) {
  const gpt::TrainOptions& train = request.train;
  Json values;
  values["num_train_epochs"] = train.epochs;
  values["max_steps"] = train.max_steps;
  values["per_device_train_batch_size"] = train.batch_size;
  values["gradient_accumulation_steps"] = train.accumulation;
  if (train.max_batch_tokens > 0) values["max_batch_tokens"] = train.max_batch_tokens;
  if (train.group_by_length) values["group_by_length"] = true;
  if (train.lm_coefficient > 0) values["lm_coef"] = train.lm_coefficient;
  if (request.folds > 0) values["fold"] = fmt::format("{} of {}", request.fold + 1, request.folds);
  values["learning_rate"] = train.learning_rate;
  values["lr_scheduler_type"] = schedule_name(train.schedule);
  values["warmup_steps"] = train.warmup_steps;
  values["warmup_ratio"] = train.warmup_ratio;
  values["weight_decay"] = train.weight_decay;
  values["max_grad_norm"] = train.max_grad_norm;
  values["adam_beta1"] = train.beta1;
  values["adam_beta2"] = train.beta2;
  values["adam_epsilon"] = train.epsilon;
  values["seed"] = train.seed;
  if (train.data_seed) values["data_seed"] = *train.data_seed;
  values["bf16"] = request.bf16;
  values["tuning"] = tuning_name(request.tuning);
  if (request.tuning == Tuning::lora) {
    values["lora_r"] = request.lora.rank;
    values["lora_alpha"] = request.lora.alpha;
    values["lora_dropout"] = request.lora.dropout;
    values["lora_target_modules"] = request.lora.targets;
  }
  return values;
}

}  // namespace

Json fingerprint(const FinetuneRequest& request, const Inputs& inputs) {
  Json values = training_settings(request);
  values["task"] = request.task.name;
  values["task_version"] = request.task.version;
  values["task_options"] = request.task_options.to_json();
  values["model_hash"] = inputs.model_hash;
  values["tokenizer_hash"] = inputs.tokenizer->hash();
  values["max_seq_length"] = inputs.max_tokens;
  values["training_data_hash"] = gpt::hash_of(inputs.train->examples);
  return values;
}

Json requested(const FinetuneRequest& request) {
  Json values;
  values["task"] = request.task.name;
  values["model"] = request.model.string();
  values["train_file"] = request.train_file.string();
  values["validation_file"] = request.validation_file.string();
  if (!request.mismatched_file.empty()) values["validation_mismatched_file"] = request.mismatched_file.string();
  values["validation_split"] = request.validation_split;
  values["test_file"] = request.test_file.string();
  if (request.max_tokens >= 0) values["max_seq_length"] = request.max_tokens;
  values.update(training_settings(request));
  values["per_device_eval_batch_size"] = request.eval_batch_size;
  values["eval_strategy"] = strategy_name(request.eval_strategy);
  if (request.eval_strategy == EvalStrategy::steps) values["eval_steps"] = request.train.eval_steps;
  if (request.train.load_best) values["load_best_model_at_end"] = true;
  if (request.train.early_stopping_patience > 0) {
    values["early_stopping_patience"] = request.train.early_stopping_patience;
    values["early_stopping_threshold"] = request.train.early_stopping_threshold;
  }
  values["logging_steps"] = request.train.logging_steps;
  values["save_steps"] = request.train.save_steps;
  values.update(Json(request.task_options.to_json()));
  return values;
}

Json settings(const FinetuneRequest& request, const Inputs& inputs) {
  Json values = requested(request);
  values["model"] = inputs.model_path.string();
  values["max_seq_length"] = inputs.max_tokens;
  values["threads"] = inputs.threads->count();
  return values;
}

Json data_summary(const gpt::TaskData& data) {
  return {{"file", data.source},
          {"examples", data.examples.size()},
          {"truncated", data.truncated},
          {"skipped", data.skipped}};
}

Json data_summary(const Inputs& inputs) {
  Json data;
  data["train"] = data_summary(*inputs.train);
  if (inputs.validation) data["validation"] = data_summary(*inputs.validation);
  if (inputs.mismatched) data["validation_mismatched"] = data_summary(*inputs.mismatched);
  if (inputs.test) data["test"] = data_summary(*inputs.test);
  return data;
}

}  // namespace gptask
