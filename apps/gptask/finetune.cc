// gptask finetune TASK: from files to a folder.
#include "gptask/toolkit/finetune.h"

#include <fmt/format.h>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "finetune_options.h"
#include "gpt/core/error.h"
#include "gptask/toolkit/determinism.h"
#include "gptask/toolkit/repeat.h"
#include "progress.h"
#include "result_output.h"
#include "signals.h"
#include "task_options.h"
#include "task_registry.h"
#include "transformers_flags.h"

namespace gptask::app {
namespace {

Usage usage(const gpt::Options& options) {
  return {
      "gptask finetune TASK --model M --train-file F --output-dir D [OPTIONS]",
      "Fine-tunes a model for a task and writes a folder: the weights or the adapter, config.json, tokenizer files, "
      "results, "
      "README.md and report.html. gptask plugins lists the tasks; naming one adds its own options to this text.",
      "gptask finetune sentiment --model SmolLM2-135M-Instruct.Q4_1.gguf --train-file train.csv \\\n"
      "      --validation-file validation.csv --num-train-epochs 1 --batch-size 16 --output-dir runs/first",
      TransformersFlags::help(options)};
}

void print_dry_run(const DryRun& plan, bool json) {
  if (json) {
    nlohmann::ordered_json all = plan.summary;
    all["samples"] = plan.samples;
    return print_json(all);
  }
  fmt::print("would train {} of {} parameters in {} steps\n", plan.summary.at("trainable_parameters").dump(),
             plan.summary.at("parameters").dump(), plan.summary.at("steps").dump());
  fmt::print("{}\n", plan.memory);
  if (plan.summary.contains("template")) fmt::print("input: {}\n", plan.summary.at("template").dump());
  fmt::print("the head looks at {}\n", plan.summary.at("head_looks_at").get<std::string>());
  print_values("data", plan.summary.at("data"));
  print_values("settings", plan.summary.at("settings"));
  for (const auto& sample : plan.samples) print_values("example", sample);
}

int finish(const FinetuneRequest& request, const FinetuneResult& result, bool json) {
  nlohmann::ordered_json output = {{"output_dir", request.output_dir.string()}, {"stopped", result.stopped}};
  if (result.stopped) {
    output["checkpoint"] = result.checkpoint.string();
    if (json) print_json(output);
    fmt::print(stderr, "stopped; the same command with --resume-from-checkpoint true goes on from {}\n",
               result.checkpoint.string());
    return 128 + caught_signal();
  }
  output["report"] = result.report.string();
  output["results"] = result.results;
  if (json) {
    print_json(output);
  } else {
    print_values("results", result.results);
    fmt::print("model:  {}\nreport: {}\n", request.output_dir.string(), result.report.string());
  }
  return 0;
}

int finish_repeated(const FinetuneRequest& request, const RepeatResult& result, bool json) {
  if (result.stopped) {
    fmt::print(stderr, "stopped; the same command with --resume-from-checkpoint true goes on\n");
    return 128 + caught_signal();
  }
  if (json) {
    nlohmann::ordered_json output = {{"output_dir", request.output_dir.string()}, {"report", result.report.string()}};
    output.update(result.results);
    print_json(output);
  } else {
    fmt::print("{}models: {}\nreport: {}\n", repeat_table(result.results), request.output_dir.string(),
               result.report.string());
  }
  return 0;
}

int finish_check(const DeterminismCheck& check, bool json) {
  if (json) {
    print_json(check.details);
  } else {
    for (const auto& run : check.details.at("runs")) print_values("run", run);
    fmt::print("{}\n", check.equal ? "equal to the last bit"
                                   : "NOT equal: please report this, with the output of gptask --version");
  }
  return check.equal ? 0 : 1;
}

/// What the flags ask for: a plan, a check, several runs, or one.
int run(const FinetuneRequest& request, const gpt::Options& options, const std::string& notice) {
  const bool json = options.flag("json");
  Progress progress;
  if (!notice.empty()) progress.notice(notice);
  if (options.flag("dry_run")) {
    print_dry_run(plan_finetune(request, progress), json);
    return 0;
  }
  if (options.flag("verify_determinism")) return finish_check(check_determinism(request, progress), json);
  if (const auto several = seeds(options); !several.empty() || request.folds > 0)
    return finish_repeated(request, finetune_repeatedly(request, several, progress), json);
  return finish(request, finetune(request, progress), json);
}

}  // namespace

int finetune_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  declare_plugin_option(options);
  declare_finetune_options(options);
  const std::string name = arguments.leading();
  if (name.empty() && arguments.wants_help()) {
    print_help(usage(options), options);
    return 0;
  }
  const gpt::Registry registry = load_tasks(arguments.early("plugin"));
  if (name.empty())
    gpt::fail(gpt::ErrorCode::invalid_option, "which task? gptask finetune TASK ...; gptask plugins lists them");
  const gpt::TaskEntry& task = registry.find(name);
  gpt::Options task_options = declare_task_options(task, options);
  if (arguments.wants_help()) {
    print_help(usage(options), options);
    return 0;
  }
  const TransformersFlags scripts_flags(options);
  arguments.parse(options);
  scripts_flags.check(options);
  refuse_words(arguments, "options start with --", 1);
  take_task_options(options, task_options);

  const FinetuneRequest request = finetune_request(options, task, std::move(task_options));
  catch_signals();
  return run(request, options, scripts_flags.left_out(options));
}

}  // namespace gptask::app
