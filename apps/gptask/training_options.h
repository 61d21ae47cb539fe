// The flags that the commands that train share.
#pragma once

#include <filesystem>

#include "gpt/core/options.h"
#include "gpt/model/lora.h"
#include "gpt/train/options.h"

namespace gptask::app {

/// --output_dir, --overwrite_output_dir, --resume_from_checkpoint
void declare_run_folder_options(gpt::Options& options);
struct Resume {
  bool wanted = false;
  std::filesystem::path checkpoint;  ///< empty: the newest
};
Resume resume_of(const gpt::Options& options);

/// --weight_decay, --adam_beta1, --adam_beta2, --adam_epsilon, --max_grad_norm
void declare_adamw_options(gpt::Options& options, const char* weight_decay, const char* beta2);
/// --lora_r, --lora_alpha, --lora_dropout, --lora_target_modules
void declare_lora_options(gpt::Options& options);
gpt::LoraOptions lora_options(const gpt::Options& options);
/// --max_activation_tokens, --gradient_checkpointing, --memory_limit_mb
void declare_memory_options(gpt::Options& options);
/// --memory_limit_mb alone, and its value in bytes. Error invalid_option for a negative one.
void declare_memory_limit(gpt::Options& options);
/// --gradient_checkpointing alone.
void declare_checkpointing(gpt::Options& options);
std::int64_t memory_limit(const gpt::Options& options);
/// Takes these over, and the options of the same name in both commands: epochs, steps, batches, seed, logging, saving
/// and evaluating. Error invalid_option for a negative seed.
gpt::TrainOptions common_train_options(const gpt::Options& options);

}  // namespace gptask::app
