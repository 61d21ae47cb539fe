// gptask evaluate: scores fine-tuned folders on files, or predictions against references.
#include "gptask/toolkit/evaluate.h"

#include <fmt/format.h>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "evaluate_options.h"
#include "gpt/core/error.h"
#include "precision_option.h"
#include "progress.h"
#include "result_output.h"
#include "signals.h"
#include "task_options.h"
#include "task_registry.h"
#include "training_options.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

const Usage usage = {
    "gptask evaluate --model D... --test-file F... --output-dir E [OPTIONS], or\n"
    "       gptask evaluate TASK --predictions F... --references F [OPTIONS], or\n"
    "       gptask evaluate TASK --model M --test-file F --output-dir E [OPTIONS]",
    "Scores folders that gptask finetune wrote on files with answers, and writes a table of all figures with their "
    "intervals, the results, the predictions and report.html into a folder of their own. With a task and predictions "
    "it scores what any system answered, without a model: gptask evaluate TASK --help. With a task and a model that "
    "was "
    "not tuned it asks the model as it is (multiple-choice, summarization, translation).",
    "gptask evaluate --model runs/first runs/second --test-file test.csv --output-dir runs/test"};

template <typename Path>
void take_paths(const gpt::Options& options, const char* name, std::vector<Path>& paths) {
  for (const std::string& path : options.list(name)) paths.emplace_back(path);
}

EvaluateRequest request_from(const gpt::Options& options) {
  EvaluateRequest request;
  take_paths(options, "model", request.models);
  take_paths(options, "test_file", request.test_files);
  request.output_dir = options.text("output_dir");
  request.max_samples = options.integer("max_eval_samples");
  request.batch_size = options.integer("per_device_eval_batch_size");
  request.latency_samples = options.integer("latency_samples");
  request.threads = thread_count(options);
  request.precision = task_precision_of(options);
  request.memory_limit = memory_limit(options);
  request.overwrite = options.flag("overwrite_output_dir");
  request.resume = options.flag("resume_from_checkpoint");
  take_statistics(options, request.bootstrap, request.paired);
  return request;
}

void declare_options(gpt::Options& options) {
  options.declare({"model",
                   Kind::list,
                   "",
                   "folders that gptask finetune wrote, all for one task; several are compared with the first",
                   {},
                   {"model_name_or_path", "m"}});
  options.declare({"test_file", Kind::list, "", "files to score on", {}, {"validation_file"}});
  options.declare({"output_dir", Kind::text, "", "the folder to write; not a model's", {}, {"o"}});
  options.declare({"overwrite_output_dir", Kind::flag, "false", "replace the evaluation that the folder holds"});
  options.declare({"resume_from_checkpoint",
                   Kind::flag,
                   "false",
                   "go on with the interrupted evaluation that the folder holds",
                   {},
                   {"resume"}});
  options.declare(
      {"max_eval_samples", Kind::integer, "0", "use only the first N examples", {}, {"max_predict_samples"}});
  options.declare({"per_device_eval_batch_size",
                   Kind::integer,
                   "16",
                   "sequences in a pass",
                   {},
                   {"batch_size", "eval_batch_size"}});
  options.declare({"latency_samples", Kind::integer, "32", "texts answered one at a time to measure latency"});
  declare_threads_option(options);
  declare_task_precision_option(options);
  declare_memory_limit(options);
  declare_statistics(options);
}

void print_result(const EvaluateRequest& request, const EvaluateResult& result, bool json) {
  if (json) {
    nlohmann::ordered_json output{{"output_dir", request.output_dir.string()}, {"report", result.report.string()}};
    output["results"] = result.results.size() == 1 ? result.results[0] : nlohmann::ordered_json(result.results);
    output["table"] = table_json(result.table);
    return print_json(output);
  }
  fmt::print("{}\nreport: {}\n", table_text(result.table), result.report.string());
}

}  // namespace

int evaluate_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  const std::string task = arguments.leading();  // with models: they are asked as they are, untuned
  const bool untuned =
      !task.empty() && (!arguments.early("model").empty() || !arguments.early("model_name_or_path").empty());
  if (!task.empty() && !untuned) return evaluate_predictions_command(arguments);
  gpt::Options options;
  declare_common(options);
  declare_plugin_option(options);
  declare_options(options);
  const gpt::Registry registry = load_tasks(arguments.early("plugin"));
  gpt::Options task_options = untuned ? declare_task_options(registry.find(task), options)
                                      : declare_options_of_model(arguments, registry, options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  take_task_options(options, task_options);
  EvaluateRequest request = request_from(options);
  request.task_options = std::move(task_options);
  request.untuned = task;
  catch_signals();
  Progress progress;
  print_result(request, evaluate(request, registry, progress), options.flag("json"));
  return 0;
}

}  // namespace gptask::app
