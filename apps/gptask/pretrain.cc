// gptask pretrain: texts -> a language model.
#include "gptask/toolkit/pretrain.h"

#include <fmt/format.h>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "gpt/core/error.h"
#include "gptask/toolkit/models.h"
#include "progress.h"
#include "result_output.h"
#include "signals.h"
#include "training_options.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

const Usage usage = {
    "gptask pretrain --config-name C --tokenizer D --train-file F ... --validation-file F ... --output-dir D [OPTIONS]",
    "Trains a language model from random weights and writes a folder that Transformers loads. A plain text file is a "
    "document, and so is a row of a JSON, CSV or TSV file; documents are joined, each followed by the tokenizer's end "
    "token, and cut into full windows of --block-size tokens. Attention reaches over the end token into the document "
    "before it. Sizes: nano 64 x 2, micro 128 x 4, mini 256 x 5, small 512 x 8, gpt2 768 x 12 (hidden size x layers).",
    "gptask pretrain --config-name micro --tokenizer runs/tokenizer --train-file books/ --validation-file held_out/ "
    "\\\n"
    "      --eval-steps 200 --output-dir runs/micro"};

void declare_model(gpt::Options& options) {
  options.declare({"config_name", Kind::text, "", "nano, micro, mini, small, gpt2, or the path of a config.json"});
  options.declare({"model_type", Kind::text, "llama", "the shape of a size given by name", {"llama", "gpt2"}});
  options.declare({"tokenizer",
                   Kind::text,
                   "",
                   "a folder, tokenizer.json or .gguf file; gptask train-tokenizer makes one",
                   {},
                   {"tokenizer_name"}});
  options.declare({"train_file", Kind::list, "", "text files, folders or patterns"});
  options.declare({"validation_file", Kind::list, "", "the same, to evaluate on"});
  options.declare({"text_column", Kind::text, "", "the field of JSON or CSV rows; by default text"});
  options.declare({"block_size", Kind::integer, "0", "tokens of a window; 0: the model's context"});
  declare_run_folder_options(options);
  options.declare({"init_only", Kind::flag, "false", "write the random weights and train nothing"});
}

void declare_optimizer(gpt::Options& options) {
  options.declare({"learning_rate", Kind::number, "1e-3", "the highest", {}, {"lr"}});
  options.declare({"lr_scheduler_type",
                   Kind::text,
                   "cosine",
                   "how the learning rate goes down after the warm-up",
                   {"linear", "cosine", "constant", "warmup_stable_decay"}});
  options.declare({"min_lr_rate", Kind::number, "0.1", "the share of it that the schedule ends with"});
  options.declare({"num_decay_steps", Kind::integer, "0",
                   "warmup_stable_decay: the last steps, in which it goes down; a run interrupted before them may be "
                   "resumed with another --max-steps"});
  options.declare({"warmup_ratio", Kind::number, "0.02", "linear warm-up, as a share of all steps"});
  options.declare({"warmup_steps", Kind::integer, "0", "the same in steps"});
  declare_adamw_options(options, "0.1", "0.95");
  options.declare({"num_train_epochs", Kind::number, "1", "passes over the text", {}, {"epochs"}});
  options.declare(
      {"max_steps", Kind::integer, "-1", "steps to take, whatever the epochs; 0 or less: as many as the epochs have"});
  options.declare({"per_device_train_batch_size",
                   Kind::integer,
                   "16",
                   "windows in a pass",
                   {},
                   {"batch_size", "train_batch_size"}});
  options.declare({"gradient_accumulation_steps", Kind::integer, "1", "passes in a step"});
  declare_memory_options(options);
}

void declare_watching(gpt::Options& options) {
  options.declare({"eval_steps", Kind::integer, "0", "steps between evaluations and samples; 0: only at the end"});
  options.declare({"max_eval_samples", Kind::integer, "0",
                   "windows of an evaluation on the way, evenly spread; 0: all. The last one takes all"});
  options.declare(
      {"per_device_eval_batch_size", Kind::integer, "16", "windows in a pass of it", {}, {"eval_batch_size"}});
  options.declare({"sample_prompt", Kind::text, "", "a text to continue at each evaluation; may be repeated"});
  options.declare({"sample_tokens", Kind::integer, "60", "how far"});
  options.declare({"logging_steps", Kind::integer, "10", "steps in an entry of trainer_state.json"});
  options.declare({"save_steps", Kind::integer, "500", "steps between checkpoints; 0: none"});
  options.declare({"save_total_limit", Kind::integer, "2", "keep only the newest N checkpoints; 0: all"});
  options.declare({"seed", Kind::integer, "42", "of the weights and the order of windows"});
  declare_threads_option(options);
  options.declare({"bf16", Kind::flag, "false",
                   "matrix products in bfloat16, weights and sums in float32, where the machine has them"});
}

gpt::TrainOptions train_options(const gpt::Options& options) {
  gpt::TrainOptions train = common_train_options(options);
  train.learning_rate = options.number("learning_rate");
  train.min_rate = options.number("min_lr_rate");
  train.warmup_steps = options.integer("warmup_steps");
  const std::string& schedule = options.text("lr_scheduler_type");
  for (const gpt::Schedule one :
       {gpt::Schedule::linear, gpt::Schedule::cosine, gpt::Schedule::constant, gpt::Schedule::stable})
    if (schedule == gpt::schedule_name(one)) train.schedule = one;
  train.decay_steps = options.integer("num_decay_steps");
  for (const char* name :
       {"eval_steps", "max_eval_samples", "save_steps", "save_total_limit", "sample_tokens", "num_decay_steps"})
    if (options.integer(name) < 0)
      gpt::fail(gpt::ErrorCode::invalid_option, "--{} must be at least 0, not {}", name, options.integer(name));
  if (options.integer("logging_steps") < 1)
    gpt::fail(gpt::ErrorCode::invalid_option, "--logging_steps must be at least 1, not {}",
              options.integer("logging_steps"));
  return train;
}

PretrainRequest request_of(const Arguments& arguments, const gpt::Options& options) {
  PretrainRequest request;
  const std::string& config = options.text("config_name");
  if (std::filesystem::path(config).extension() == ".json") {
    request.config_file = config;
  } else {
    request.config_name = config;
  }
  request.model_type = options.text("model_type");
  request.context = options.integer("block_size");
  if (!options.text("tokenizer").empty()) request.tokenizer = find_model(options.text("tokenizer"));
  request.train_files = options.list("train_file");
  request.validation_files = options.list("validation_file");
  request.text_column = options.text("text_column");
  request.output_dir = options.text("output_dir");
  request.train = train_options(options);
  request.eval_batch_size = options.integer("per_device_eval_batch_size");
  request.max_eval_samples = options.integer("max_eval_samples");
  request.sample_prompts = arguments.all("sample_prompt");
  request.sample_tokens = options.integer("sample_tokens");
  request.threads = thread_count(options);
  request.bf16 = options.flag("bf16");
  request.gradient_checkpointing = options.flag("gradient_checkpointing");
  request.memory_limit = memory_limit(options);
  request.init_only = options.flag("init_only");
  request.overwrite = options.flag("overwrite_output_dir");
  const Resume resume = resume_of(options);
  request.resume = resume.wanted;
  request.checkpoint = resume.checkpoint;
  return request;
}

int finish(const PretrainRequest& request, const PretrainResult& result, bool json) {
  nlohmann::ordered_json output = {{"output_dir", request.output_dir.string()}, {"stopped", result.stopped}};
  if (result.stopped) {
    output["checkpoint"] = result.checkpoint.string();
    if (json) print_json(output);
    fmt::print(stderr, "stopped; the same command with --resume-from-checkpoint true goes on from {}\n",
               result.checkpoint.string());
    return 128 + caught_signal();
  }
  output["results"] = result.results;
  if (json) {
    print_json(output);
  } else {
    print_values("results", result.results);
    fmt::print("model:  {}\n", request.output_dir.string());
    if (!result.report.empty()) fmt::print("report: {}\n", result.report.string());
  }
  return 0;
}

}  // namespace

int pretrain_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  declare_model(options);
  declare_optimizer(options);
  declare_watching(options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  refuse_words(arguments);
  const PretrainRequest request = request_of(arguments, options);
  catch_signals();
  Progress progress;
  return finish(request, pretrain(request, progress), options.flag("json"));
}

}  // namespace gptask::app
