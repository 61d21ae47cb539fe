// gptask merge: a folder that needs no base.
#include <fmt/format.h>

#include <filesystem>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "dtype_option.h"
#include "gpt/core/error.h"
#include "gptask/toolkit/loaded_task.h"
#include "gptask/toolkit/merge_adapter.h"
#include "result_output.h"
#include "task_registry.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

const Usage usage = {"gptask merge --model D --output-dir E [OPTIONS]",
                     "Folds the adapter of a fine-tuned folder, or one that PEFT wrote, into its base's weights and "
                     "writes a folder that needs no base and loads in Transformers.",
                     "gptask merge --model runs/first --output-dir runs/first-merged"};

}  // namespace

int merge_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  declare_plugin_option(options);
  options.declare(
      {"model", Kind::text, "", "the folder that gptask finetune or PEFT wrote", {}, {"model_name_or_path", "m"}});
  options.declare({"output_dir", Kind::text, "", "a new or empty folder", {}, {"o"}});
  declare_dtype_option(options);
  declare_threads_option(options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  for (const char* name : {"model", "output_dir"}) need_option(options, name);
  const std::filesystem::path folder = options.text("model"), target = options.text("output_dir");
  if (std::filesystem::exists(folder / "adapter_config.json") && !std::filesystem::exists(folder / "gptask.json")) {
    gpt::Threads threads(thread_count(options));
    merge_adapter(folder, target, threads, dtype_of(options));
  } else {
    LoadOptions load;
    load.threads = thread_count(options);
    LoadedTask::merge(folder, target, load_tasks(arguments.all("plugin")), load, dtype_of(options));
  }
  if (options.flag("json"))
    print_json({{"output_dir", options.text("output_dir")}});
  else
    fmt::print("model: {}\n", options.text("output_dir"));
  return 0;
}

}  // namespace gptask::app
