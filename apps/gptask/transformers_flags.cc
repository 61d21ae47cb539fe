#include "transformers_flags.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "gpt/core/error.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

struct Flag {
  const char* name;
  Kind kind;                 ///< flag: on or off; list: any values
  const char* instead = "";  ///< what is so here where the value asks for something else
};

/// Those that change nothing: of TrainingArguments and Seq2SeqTrainingArguments (versions 4 and 5), and of the scripts'
/// own ModelArguments and DataTrainingArguments.
constexpr Flag left_out_flags[] = {
    // where and how it is computed
    {"use_cpu", Kind::flag},
    {"no_cuda", Kind::flag},
    {"use_mps_device", Kind::flag, "the processor computes"},
    {"use_ipex", Kind::flag},
    {"jit_mode_eval", Kind::flag},
    {"tf32", Kind::flag},
    {"fp16", Kind::flag, "the half precision here is --bf16; without it float32 is used"},
    {"fp16_opt_level", Kind::list},
    {"fp16_backend", Kind::list},
    {"fp16_full_eval", Kind::flag, "weights are float32"},
    {"bf16_full_eval", Kind::flag, "weights are float32; --bf16 is for evaluations too"},
    {"half_precision_backend", Kind::list},
    {"auto_find_batch_size", Kind::flag, "the batch size is the one given"},
    {"gradient_checkpointing_kwargs", Kind::list},
    {"use_cache", Kind::flag},
    {"torch_compile", Kind::flag, "nothing is compiled"},
    {"torch_compile_backend", Kind::list},
    {"torch_compile_mode", Kind::list},
    {"torch_empty_cache_steps", Kind::list},
    {"torchdynamo", Kind::list},
    {"use_liger_kernel", Kind::flag},
    {"liger_kernel_config", Kind::list},
    {"average_tokens_across_devices", Kind::flag},
    {"accelerator_config", Kind::list},
    {"parallelism_config", Kind::list},
    {"split_batches", Kind::flag},
    {"dispatch_batches", Kind::flag},
    {"local_rank", Kind::list},
    {"ddp_backend", Kind::list},
    {"ddp_broadcast_buffers", Kind::flag},
    {"ddp_bucket_cap_mb", Kind::list},
    {"ddp_find_unused_parameters", Kind::flag},
    {"ddp_timeout", Kind::list},
    {"deepspeed", Kind::list},
    {"fsdp", Kind::list},
    {"fsdp_config", Kind::list},
    {"fsdp_min_num_params", Kind::list},
    {"fsdp_transformer_layer_cls_to_wrap", Kind::list},
    {"mp_parameters", Kind::list},
    {"ray_scope", Kind::list},
    {"sharded_ddp", Kind::list},
    {"tpu_metrics_debug", Kind::flag},
    {"tpu_num_cores", Kind::list},
    {"xpu_backend", Kind::list},
    // what is told on the way
    {"report_to", Kind::list, "report.html and trainer_state.json lie in the output folder"},
    {"project", Kind::list},
    {"trackio_space_id", Kind::list},
    {"run_name", Kind::list},
    {"logging_dir", Kind::list},
    {"logging_nan_inf_filter", Kind::flag},
    {"log_level", Kind::list},
    {"log_level_replica", Kind::list},
    {"log_on_each_node", Kind::flag},
    {"disable_tqdm", Kind::flag},
    {"skip_memory_metrics", Kind::flag},
    {"include_num_input_tokens_seen", Kind::flag},
    {"include_tokens_per_second", Kind::flag},
    {"debug", Kind::list},
    // the hub
    {"push_to_hub", Kind::flag, "nothing is uploaded"},
    {"push_to_hub_model_id", Kind::list},
    {"push_to_hub_organization", Kind::list},
    {"push_to_hub_token", Kind::list},
    {"hub_always_push", Kind::flag},
    {"hub_model_id", Kind::list},
    {"hub_private_repo", Kind::flag},
    {"hub_revision", Kind::list},
    {"hub_strategy", Kind::list},
    {"hub_token", Kind::list},
    {"cache_dir", Kind::list},
    {"model_revision", Kind::list, "nothing is downloaded; the model is the one that --model names"},
    {"token", Kind::list},
    {"use_auth_token", Kind::flag},
    {"trust_remote_code", Kind::flag, "no code of a model is run"},
    // how files are read
    {"overwrite_cache", Kind::flag},
    {"pad_to_max_length", Kind::flag},
    {"preprocessing_num_workers", Kind::list},
    {"dataloader_drop_last", Kind::flag, "the last pass of an epoch is kept"},
    {"dataloader_num_workers", Kind::list},
    {"dataloader_persistent_workers", Kind::flag},
    {"dataloader_pin_memory", Kind::flag},
    {"dataloader_prefetch_factor", Kind::list},
    {"remove_columns", Kind::list},
    {"remove_splits", Kind::list},
    {"remove_unused_columns", Kind::flag},
    {"train_split_name", Kind::list},
    {"validation_split_name", Kind::list},
    {"test_split_name", Kind::list},
    {"shuffle_train_dataset", Kind::flag},
    {"shuffle_seed", Kind::list, "rows are shuffled by --data_seed or --seed, and the first N are those of the file"},
    {"length_column_name", Kind::list},
    {"label_names", Kind::list},
    {"sortish_sampler", Kind::flag},
    // model and loss
    {"use_fast_tokenizer", Kind::flag},
    {"ignore_mismatched_sizes", Kind::flag},
    {"resize_position_embeddings", Kind::flag},
    {"ignore_pad_token_for_loss", Kind::flag},
    {"lang", Kind::list},
    {"forced_bos_token", Kind::list, "models here begin with no forced token"},
    {"label_smoothing_factor", Kind::list, "this task's loss is not smoothed"},
    {"neftune_noise_alpha", Kind::list, "no noise is added"},
    {"lr_scheduler_kwargs", Kind::list, "schedules are as they are by default"},
    {"optim_args", Kind::list},
    {"optim_target_modules", Kind::list},
    {"full_determinism", Kind::flag},
    // evaluations, what is written, and what is saved
    {"predict_with_generate", Kind::flag},
    {"generation_config", Kind::list, "flags say how the model writes"},
    {"generation_max_length", Kind::list, "this task writes no text"},
    {"generation_num_beams", Kind::list, "this task writes no text"},
    {"prediction_loss_only", Kind::flag, "metrics are computed too"},
    {"include_inputs_for_metrics", Kind::flag},
    {"include_for_metrics", Kind::list},
    {"batch_eval_metrics", Kind::flag},
    {"eval_accumulation_steps", Kind::list},
    {"eval_delay", Kind::list, "no evaluation is left out"},
    {"eval_do_concat_batches", Kind::flag},
    {"eval_on_start", Kind::flag, "the first evaluation is after the first steps"},
    {"eval_use_gather_object", Kind::flag},
    {"past_index", Kind::list},
    {"use_legacy_prediction_loop", Kind::flag},
    {"save_on_each_node", Kind::flag},
    {"save_only_model", Kind::flag, "checkpoints hold what a resumed run needs"},
    {"save_safetensors", Kind::flag},
    {"enable_jit_checkpoint", Kind::flag},
    {"ignore_data_skip", Kind::flag, "a resumed run goes on with the examples it would have had"},
    {"restore_callback_states_from_checkpoint", Kind::flag},
};

/// What these ask for is done where there is a file for it.
constexpr std::array<const char*, 3> decided_by_files = {"do_train", "do_eval", "do_predict"};

/// Those that check() looks at.
constexpr Flag checked_flags[] = {
    {"optim", Kind::text},       {"adafactor", Kind::flag},    {"tokenizer_name", Kind::text},
    {"config_name", Kind::text}, {"dataset_name", Kind::text}, {"dataset_config_name", Kind::text},
};

/// Shown as one in the help.
constexpr std::array<std::string_view, 12> families = {"dataloader_", "ddp_",     "fp16",  "fsdp",
                                                       "hub_",        "include_", "log_",  "push_to_hub",
                                                       "remove_",     "shuffle_", "torch", "tpu_"};

std::string dashed(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

/// A name, or "hub-*" for all that begin so.
std::string shown_in_help(std::string_view name) {
  for (const std::string_view family : families)
    if (name.starts_with(family)) return dashed(family) + "*";
  return dashed(name);
}

/// Whether the value is more than off, none or zero.
bool asks(const gpt::Options& options, const Flag& flag) {
  if (flag.kind == Kind::flag) return options.flag(flag.name);
  const std::string& value = options.text(flag.name);
  return value != "none" && value != "None" && value != "no" && value != "0" && value != "0.0";
}

/// Named as Transformers names its implementations.
bool is_adamw(std::string_view optimizer) {
  return optimizer == "adamw_torch" || optimizer == "adamw_torch_fused" || optimizer == "adamw_hf";
}

/// Two spellings of one path or name.
bool same_model(const std::string& one, const std::string& other) {
  return std::filesystem::path(one + "/").lexically_normal() == std::filesystem::path(other + "/").lexically_normal();
}

}  // namespace

TransformersFlags::TransformersFlags(gpt::Options& options) {
  const auto declare = [&](const char* name, Kind kind) {
    if (options.find(name) != nullptr) return;
    options.declare({name, kind, "", "taken as the Transformers scripts have it"});
    declared_.insert(name);
  };
  for (const Flag& flag : left_out_flags) declare(flag.name, flag.kind);
  for (const Flag& flag : checked_flags) declare(flag.name, flag.kind);
  for (const char* name : decided_by_files) declare(name, Kind::flag);
}

std::string TransformersFlags::help(const gpt::Options& options) {
  std::vector<std::string> names;
  for (const char* name : decided_by_files) names.push_back(dashed(name));
  for (const Flag& flag : left_out_flags) {
    const std::string name = shown_in_help(flag.name);
    const bool known = options.find(flag.name) != nullptr || std::find(names.begin(), names.end(), name) != names.end();
    if (!known) names.push_back(name);
  }
  return fmt::format(
      "Flags of the Transformers scripts are taken too. These change nothing, since the files given decide, or what "
      "they ask for is so anyway or does not exist here; a run names those it was given: {}. --optim takes the names "
      "of AdamW, --tokenizer-name and --config-name the model itself.",
      fmt::join(names, ", "));
}

bool TransformersFlags::given(const gpt::Options& options, const std::string& name) const {
  return declared_.count(name) > 0 && options.given(name);
}

void TransformersFlags::need_model(const gpt::Options& options, const char* name, std::string_view what) const {
  if (!given(options, name) || same_model(options.text(name), options.text("model"))) return;
  gpt::fail(gpt::ErrorCode::invalid_option,
            "--{} {}: a model comes with its own {} here, and --model is \"{}\"; drop --{}, or give a --model folder "
            "with the {} you want",
            name, options.text(name), what, options.text("model"), name, what);
}

void TransformersFlags::check(const gpt::Options& options) const {
  if (given(options, "optim") && !is_adamw(options.text("optim")))
    gpt::fail(gpt::ErrorCode::invalid_option,
              "--optim {}: AdamW is the one optimizer there is; drop the flag, or say --optim adamw_torch",
              options.text("optim"));
  if (given(options, "adafactor") && options.flag("adafactor"))
    gpt::fail(gpt::ErrorCode::invalid_option, "--adafactor: AdamW is the one optimizer there is; drop the flag");
  const auto wants = [&](const char* name) { return given(options, name) && options.flag(name); };
  const bool something_else = wants("do_eval") || wants("do_predict");
  if (given(options, "do_train") ? !options.flag("do_train") : something_else)
    gpt::fail(gpt::ErrorCode::invalid_option,
              "without --do_train there is nothing to fine-tune: gptask evaluate --model FOLDER --test-file F scores a "
              "model that was fine-tuned, gptask predict answers with it; add --do_train to train one");
  need_model(options, "tokenizer_name", "tokenizer");
  need_model(options, "config_name", "configuration");
  for (const char* name : {"dataset_name", "dataset_config_name"})
    if (given(options, name))
      gpt::fail(gpt::ErrorCode::invalid_option,
                "--{} {}: nothing is downloaded here; give the files themselves with --train_file, --validation_file "
                "and --test_file",
                name, options.text(name));
}

std::string TransformersFlags::left_out(const gpt::Options& options) const {
  std::vector<std::string> names;
  for (const char* name : decided_by_files)
    if (given(options, name) && !options.flag(name)) names.push_back(fmt::format("--{} (the files decide)", name));
  for (const Flag& flag : left_out_flags) {
    if (!given(options, flag.name)) continue;
    const bool more = flag.instead[0] != '\0' && asks(options, flag);
    names.push_back(more ? fmt::format("--{} ({})", flag.name, flag.instead) : fmt::format("--{}", flag.name));
  }
  if (names.empty()) return "";
  return fmt::format("flags of the Transformers scripts that change nothing here: {}", fmt::join(names, ", "));
}

}  // namespace gptask::app
