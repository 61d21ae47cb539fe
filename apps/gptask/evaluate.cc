// gptask evaluate: scores a fine-tuned folder on a file.
#include "gptask/toolkit/evaluate.h"

#include <fmt/format.h>

#include "arguments.h"
#include "command.h"
#include "gpt/core/error.h"
#include "progress.h"
#include "result_output.h"
#include "signals.h"
#include "task_options.h"
#include "task_registry.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

const Usage usage = {
    "gptask evaluate --model D --test-file F --output-dir E [OPTIONS]",
    "Scores a folder that gptask finetune wrote on a file with answers, and writes test_results.json, the predictions "
    "and report.html into a folder of their own.",
    "gptask evaluate --model runs/first --test-file test.csv --output-dir runs/first-test"};

EvaluateRequest request_from(const gpt::Options& options) {
  EvaluateRequest request;
  request.model = options.text("model");
  request.test_file = options.text("test_file");
  request.output_dir = options.text("output_dir");
  request.max_samples = options.integer("max_eval_samples");
  request.batch_size = options.integer("per_device_eval_batch_size");
  request.latency_samples = options.integer("latency_samples");
  request.threads = static_cast<int>(std::min<std::int64_t>(options.integer("threads"), 1025));
  request.bf16 = options.flag("bf16");
  request.overwrite = options.flag("overwrite_output_dir");
  return request;
}

}  // namespace

int evaluate_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  declare_plugin_option(options);
  options.declare({"model", Kind::text, "", "the folder that gptask finetune wrote", {}, {"model_name_or_path", "m"}});
  options.declare({"test_file", Kind::text, "", "the file to score on", {}, {"validation_file"}});
  options.declare({"output_dir", Kind::text, "", "the folder to write; not the model's", {}, {"o"}});
  options.declare({"overwrite_output_dir", Kind::flag, "false", "replace the evaluation that the folder holds"});
  options.declare(
      {"max_eval_samples", Kind::integer, "0", "use only the first N examples", {}, {"max_predict_samples"}});
  options.declare({"per_device_eval_batch_size",
                   Kind::integer,
                   "16",
                   "sequences in a pass",
                   {},
                   {"batch_size", "eval_batch_size"}});
  options.declare({"latency_samples", Kind::integer, "32", "texts answered one at a time to measure latency"});
  options.declare({"threads", Kind::integer, "0", "0: all cores"});
  options.declare({"bf16", Kind::flag, "false", "matrix products in bfloat16, where the machine has them"});
  const gpt::Registry registry = load_tasks(arguments.early("plugin"));
  gpt::Options task_options = declare_options_of_model(arguments, registry, options);
  if (arguments.wants_help()) {
    print_help(usage, options);
    return 0;
  }
  arguments.parse(options);
  if (!arguments.positional().empty())
    gpt::fail(gpt::ErrorCode::invalid_option, "\"{}\" is no option; options start with --", arguments.positional()[0]);
  take_task_options(options, task_options);
  EvaluateRequest request = request_from(options);
  request.task_options = std::move(task_options);
  catch_signals();
  Progress progress;
  const EvaluateResult result = evaluate(request, registry, progress);
  if (options.flag("json")) {
    print_json(
        {{"output_dir", request.output_dir.string()}, {"report", result.report.string()}, {"results", result.results}});
  } else {
    print_values("results", result.results);
    fmt::print("report: {}\n", result.report.string());
  }
  return 0;
}

}  // namespace gptask::app
