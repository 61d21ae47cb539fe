#include "finetune_options.h"

#include <array>
#include <charconv>

#include "common_options.h"
#include "gpt/core/error.h"
#include "training_options.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

void declare_files(gpt::Options& options) {
  options.declare(
      {"model",
       Kind::text,
       "",
       "the model to tune: a .gguf file, a Hugging Face folder, or a name in GPTASK_MODEL_PATH or the cache",
       {},
       {"model_name_or_path", "m"}});
  options.declare({"train_file", Kind::text, "", "examples to train on"});
  options.declare({"validation_file", Kind::text, "", "examples to evaluate on"});
  options.declare({"validation_mismatched_file", Kind::text, "",
                   "a second validation file, evaluated at the end (MNLI's mismatched set); its figures end in _mm"});
  options.declare({"validation_split", Kind::number, "0",
                   "without a validation file: the share of the training rows to set aside"});
  options.declare({"test_file", Kind::text, "", "texts to predict at the end"});
  declare_run_folder_options(options);
  options.declare(
      {"max_seq_length",
       Kind::integer,
       "-1",
       "cut inputs to this many tokens; 0: what the model allows; -1: what the task is used to, 128 for labels, "
       "384 for qa, what the model allows for tasks that choose or write",
       {},
       {"max_length"}});
  options.declare({"max_train_samples", Kind::integer, "0", "use only the first N training examples"});
  options.declare({"max_eval_samples", Kind::integer, "0", "use only the first N validation examples"});
  options.declare({"max_predict_samples", Kind::integer, "0", "use only the first N test examples"});
}

void declare_tuning(gpt::Options& options) {
  options.declare({"tuning",
                   Kind::text,
                   "lora",
                   "what to train: all weights, adapters and the head, or the head alone",
                   {"full", "lora", "head"}});
  declare_lora_options(options);
  options.declare(
      {"learning_rate", Kind::number, "", "default 5e-5 for full, 5e-4 for lora, 1e-3 for head", {}, {"lr"}});
  declare_adamw_options(options, "0", "0.999");
  options.declare({"lm_coef", Kind::number, "0",
                   "weight of an auxiliary language-model loss on the same texts (the GPT-1 paper has 0.5)"});
  options.declare({"feature_cache_mb", Kind::integer, "2048",
                   "with --tuning head: memory for the frozen model's states, so that it reads each text only once; 0: "
                   "none"});
  options.declare({"lr_scheduler_type",
                   Kind::text,
                   "linear",
                   "how the learning rate goes down after the warm-up",
                   {"linear", "cosine", "constant", "constant_with_warmup", "polynomial"}});
  options.declare({"warmup_steps", Kind::number, "0", "steps of linear warm-up; below 1: a share of all steps"});
  options.declare({"warmup_ratio", Kind::number, "0", "the same as a share of all steps"});
}

void declare_schedule(gpt::Options& options) {
  options.declare({"num_train_epochs", Kind::number, "3", "passes over the training examples", {}, {"epochs"}});
  options.declare(
      {"max_steps", Kind::integer, "-1", "steps to take, whatever the epochs; 0 or less: as many as the epochs have"});
  options.declare({"per_device_train_batch_size",
                   Kind::integer,
                   "8",
                   "sequences in a pass",
                   {},
                   {"batch_size", "train_batch_size", "per_gpu_train_batch_size"}});
  options.declare({"max_batch_tokens", Kind::integer, "0",
                   "tokens in a pass at most; without --batch-size as many sequences as fit; 0: no limit"});
  declare_memory_options(options);
  options.declare({"group_by_length", Kind::flag, "false", "passes of sequences of like length"});
  options.declare({"train_sampling_strategy",
                   Kind::text,
                   "random",
                   "how Transformers 5 says --group-by-length",
                   {"random", "group_by_length"}});
  options.declare({"gradient_accumulation_steps", Kind::integer, "1", "passes in a step"});
  options.declare({"per_device_eval_batch_size",
                   Kind::integer,
                   "16",
                   "sequences in a pass of an evaluation",
                   {},
                   {"eval_batch_size", "per_gpu_eval_batch_size"}});
  options.declare({"eval_strategy",
                   Kind::text,
                   "no",
                   "when to evaluate on the way; at the end there is always an evaluation",
                   {"no", "steps", "epoch"},
                   {"evaluation_strategy"}});
  options.declare({"eval_steps", Kind::integer, "0",
                   "steps between evaluations; 0: those of --logging_steps, where they are given, else 500"});
  options.declare({"load_best_model_at_end", Kind::flag, "false",
                   "end with the weights of the best evaluation; its checkpoint is kept"});
  options.declare({"metric_for_best_model", Kind::text, "",
                   "the metric that tells which evaluation is best, such as accuracy or loss; default: the task's"});
  options.declare({"greater_is_better",
                   Kind::text,
                   "auto",
                   "whether a larger value of it is better; auto: unless it is a loss or an error",
                   {"auto", "true", "false", "True", "False"}});
  options.declare({"early_stopping_patience", Kind::integer, "0",
                   "stop after so many evaluations in a row without a better one; 0: never"});
  options.declare({"early_stopping_threshold", Kind::number, "0", "how much better counts as better for it"});
  options.declare(
      {"logging_strategy", Kind::text, "steps", "what has an entry in trainer_state.json", {"no", "steps", "epoch"}});
  options.declare({"logging_steps", Kind::integer, "1", "steps in such an entry"});
  options.declare({"logging_first_step", Kind::flag, "false", "the first step has one of its own"});
  options.declare({"save_strategy",
                   Kind::text,
                   "steps",
                   "when to save a checkpoint; best: at each evaluation that is better than all before",
                   {"no", "steps", "epoch", "best"}});
  options.declare({"save_steps", Kind::integer, "500", "steps between checkpoints; 0: none"});
  options.declare({"save_total_limit", Kind::integer, "0", "keep only the newest N checkpoints; 0: all"});
  options.declare({"seed", Kind::integer, "42", "of the order of examples, new weights and dropout"});
  options.declare({"data_seed", Kind::integer, "", "another seed for the order of examples"});
  options.declare({"seeds", Kind::list, "",
                   "fine-tune once with each of these seeds, into OUTPUT/seed-N, and show mean and deviation"});
  options.declare(
      {"folds", Kind::integer, "0",
       "cut the training rows into K parts and fine-tune K times, each part being the validation set once"});
  declare_threads_option(options);
  options.declare({"bf16", Kind::flag, "false",
                   "matrix products in bfloat16 with float32 sums and weights, where the machine has them"});
  options.declare(
      {"dry_run", Kind::flag, "false", "show what would run, the memory it needs and three examples; change nothing"});
  options.declare({"verify_determinism", Kind::flag, "false",
                   "take three steps on 1, 2 and 7 threads, and say whether they agree to the last bit"});
}

std::uint64_t parse_seed(const char* name, const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size())
    gpt::fail(gpt::ErrorCode::invalid_option, "--{} takes whole numbers from 0, not \"{}\"", name, text);
  return seed;
}

gpt::TrainOptions train_options(const gpt::Options& options) {
  gpt::TrainOptions train = common_train_options(options);
  train.max_batch_tokens = options.integer("max_batch_tokens");
  if (train.max_batch_tokens > 0 && !options.given("per_device_train_batch_size")) train.batch_size = 0;
  train.group_by_length =
      options.flag("group_by_length") || options.text("train_sampling_strategy") == "group_by_length";
  train.lm_coefficient = options.number("lm_coef");
  const std::string& schedule = options.text("lr_scheduler_type");
  if (schedule == "cosine") train.schedule = gpt::Schedule::cosine;
  if (schedule == "polynomial") train.schedule = gpt::Schedule::polynomial;
  if (schedule.rfind("constant", 0) == 0) train.schedule = gpt::Schedule::constant;
  const double warmup = options.number("warmup_steps");
  if (warmup < 0) gpt::fail(gpt::ErrorCode::invalid_option, "--warmup_steps must be at least 0, not {}", warmup);
  if (warmup > 0 && warmup < 1) train.warmup_ratio = warmup;  // as Transformers 5 has it
  if (warmup >= 1) train.warmup_steps = static_cast<std::int64_t>(std::min(warmup, 1e15));
  if (options.given("data_seed")) train.data_seed = parse_seed("data_seed", options.text("data_seed"));
  const std::string& logging = options.text("logging_strategy");
  if (logging == "epoch") train.logging = gpt::Logging::epochs;
  if (logging == "no") train.logging = gpt::Logging::nothing;
  train.logging_first_step = options.flag("logging_first_step");
  const std::string& saving = options.text("save_strategy");
  if (saving != "steps") train.save_steps = 0;
  train.save_epochs = saving == "epoch";
  train.save_best = saving == "best";
  train.load_best = options.flag("load_best_model_at_end");
  train.early_stopping_patience = options.integer("early_stopping_patience");
  train.early_stopping_threshold = options.number("early_stopping_threshold");
  return train;
}

}  // namespace

std::vector<std::uint64_t> seeds(const gpt::Options& options) {
  std::vector<std::uint64_t> all;
  for (const std::string& text : options.list("seeds")) all.push_back(parse_seed("seeds", text));
  return all;
}

void declare_finetune_options(gpt::Options& options) {
  declare_files(options);
  declare_tuning(options);
  declare_schedule(options);
}

FinetuneRequest finetune_request(const gpt::Options& options, const gpt::TaskEntry& task, gpt::Options task_options) {
  FinetuneRequest request;
  request.task = task;
  request.task_options = std::move(task_options);
  request.model = options.text("model");
  request.train_file = options.text("train_file");
  request.validation_file = options.text("validation_file");
  request.mismatched_file = options.text("validation_mismatched_file");
  request.test_file = options.text("test_file");
  request.output_dir = options.text("output_dir");
  request.validation_split = options.number("validation_split");
  request.max_train_samples = options.integer("max_train_samples");
  request.max_eval_samples = options.integer("max_eval_samples");
  request.max_predict_samples = options.integer("max_predict_samples");
  request.max_tokens = options.integer("max_seq_length");
  request.tuning = parse_tuning(options.text("tuning"));
  request.lora = lora_options(options);
  request.train = train_options(options);
  request.train.learning_rate =
      options.given("learning_rate") ? options.number("learning_rate") : default_learning_rate(request.tuning);
  const std::string& strategy = options.text("eval_strategy");
  if (strategy != "no") request.eval_strategy = strategy == "steps" ? EvalStrategy::steps : EvalStrategy::epoch;
  if (strategy == "steps" && request.train.eval_steps == 0)  // as Transformers has it
    request.train.eval_steps = options.given("logging_steps") ? request.train.logging_steps : 500;
  request.best_metric = options.text("metric_for_best_model");
  if (const std::string& greater = options.text("greater_is_better"); greater != "auto")
    request.greater_is_better = greater == "true" || greater == "True";
  request.feature_cache_bytes = options.integer("feature_cache_mb") * (std::int64_t{1} << 20);
  request.eval_batch_size = options.integer("per_device_eval_batch_size");
  request.folds = options.integer("folds");
  request.threads = thread_count(options);
  request.bf16 = options.flag("bf16");
  request.gradient_checkpointing = options.flag("gradient_checkpointing");
  request.memory_limit = memory_limit(options);
  request.overwrite = options.flag("overwrite_output_dir");
  const Resume resume = resume_of(options);
  request.resume = resume.wanted;
  request.checkpoint = resume.checkpoint;
  return request;
}

}  // namespace gptask::app
