#include "training_options.h"

#include "gpt/core/error.h"

namespace gptask::app {

using Kind = gpt::OptionSpec::Kind;

void declare_run_folder_options(gpt::Options& options) {
  options.declare({"output_dir", Kind::text, "", "the folder to write", {}, {"o"}});
  options.declare({"overwrite_output_dir", Kind::flag, "false", "replace the run that the folder holds"});
  options.declare({"resume_from_checkpoint", Kind::text, "",
                   "true: continue the run in the folder from its newest checkpoint; or a checkpoint's folder"});
}

Resume resume_of(const gpt::Options& options) {
  const std::string& value = options.text("resume_from_checkpoint");
  Resume resume;
  resume.wanted = !value.empty() && value != "false" && value != "False";
  if (resume.wanted && value != "true" && value != "True") resume.checkpoint = value;
  return resume;
}

void declare_adamw_options(gpt::Options& options, const char* weight_decay, const char* beta2) {
  options.declare({"weight_decay", Kind::number, weight_decay, "on matrices"});
  options.declare({"adam_beta1", Kind::number, "0.9", "decay of AdamW's first moment"});
  options.declare({"adam_beta2", Kind::number, beta2, "decay of its second moment"});
  options.declare({"adam_epsilon", Kind::number, "1e-8", "its epsilon"});
  options.declare({"max_grad_norm", Kind::number, "1", "clip the gradient to this norm; 0: do not"});
}

void declare_lora_options(gpt::Options& options) {
  options.declare({"lora_r", Kind::integer, "8", "rank of the adapters", {}, {"lora_rank"}});
  options.declare({"lora_alpha", Kind::number, "16", "their scale times the rank"});
  options.declare({"lora_dropout", Kind::number, "0", "dropout before them"});
  options.declare({"lora_target_modules", Kind::list, "",
                   "projections that get one, such as q_proj,v_proj; none named: all of them"});
}

gpt::LoraOptions lora_options(const gpt::Options& options) {
  return {options.integer("lora_r"), options.number("lora_alpha"), options.number("lora_dropout"),
          options.list("lora_target_modules")};
}

void declare_memory_options(gpt::Options& options) {
  options.declare({"max_activation_tokens", Kind::integer, "2048",
                   "a pass of more tokens is worked through in parts of so many: the same step with less memory; 0: "
                   "at once"});
  declare_checkpointing(options);
  declare_memory_limit(options);
}

void declare_checkpointing(gpt::Options& options) {
  options.declare({"gradient_checkpointing", Kind::flag, "false",
                   "keep only what goes into each block and compute the rest again on the way back: the same bits, "
                   "less memory, more time"});
}

void declare_memory_limit(gpt::Options& options) {
  options.declare({"memory_limit_mb", Kind::integer, "0",
                   "refuse to start if the run needs more memory in all; 0: more than the machine has"});
}

std::int64_t memory_limit(const gpt::Options& options) {
  const std::int64_t megabytes = options.integer("memory_limit_mb");
  if (megabytes < 0 || megabytes > std::int64_t{1} << 40)
    gpt::fail(gpt::ErrorCode::invalid_option, "--memory_limit_mb must be between 0 and 2^40, not {}", megabytes);
  return megabytes << 20;
}

gpt::TrainOptions common_train_options(const gpt::Options& options) {
  gpt::TrainOptions train;
  train.epochs = options.number("num_train_epochs");
  train.max_steps = options.integer("max_steps");
  train.batch_size = options.integer("per_device_train_batch_size");
  train.accumulation = options.integer("gradient_accumulation_steps");
  train.max_activation_tokens = options.integer("max_activation_tokens");
  train.weight_decay = options.number("weight_decay");
  train.beta1 = options.number("adam_beta1");
  train.beta2 = options.number("adam_beta2");
  train.epsilon = options.number("adam_epsilon");
  train.max_grad_norm = options.number("max_grad_norm");
  train.warmup_ratio = options.number("warmup_ratio");
  if (options.integer("seed") < 0)
    gpt::fail(gpt::ErrorCode::invalid_option, "--seed must be at least 0, not {}", options.integer("seed"));
  train.seed = static_cast<std::uint64_t>(options.integer("seed"));
  train.logging_steps = options.integer("logging_steps");
  train.save_steps = options.integer("save_steps");
  train.save_total_limit = options.integer("save_total_limit");
  train.eval_steps = options.integer("eval_steps");
  return train;
}

}  // namespace gptask::app
