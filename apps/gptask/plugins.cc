// gptask plugins: the tasks there are, where they come from, and why a file was refused.
#include <fmt/format.h>

#include "arguments.h"
#include "command.h"
#include "common_options.h"
#include "gpt/plugin/loader.h"
#include "result_output.h"
#include "task_registry.h"

namespace gptask::app {
namespace {

const Usage usage = {"gptask plugins [--plugin FILE_OR_FOLDER ...] [--json]",
                     "Lists the plugins found in --plugin, GPTASK_PLUGIN_PATH and the installed folder: their tasks "
                     "and versions, or the "
                     "reason a file was refused.",
                     "gptask plugins --plugin ./libkeywords.so"};

nlohmann::ordered_json record(const gpt::PluginReport& report) {
  nlohmann::ordered_json value = {{"path", report.path.string()}, {"loaded", report.loaded()}};
  value["tasks"] = nlohmann::ordered_json::array();
  for (const auto& task : report.tasks) value["tasks"].push_back({{"name", task.name}, {"version", task.version}});
  value["stamp"] = nlohmann::ordered_json::object();
  for (const auto& [name, field] : report.stamp.fields()) value["stamp"][name] = field;
  if (!report.loaded()) value["refusal"] = report.refusal;
  return value;
}

void print(const gpt::PluginReport& report) {
  if (!report.loaded()) {
    fmt::print("refused  {}\n", report.refusal);
    return;
  }
  for (const auto& task : report.tasks)
    fmt::print("{} (version {})  {}\n", task.name, task.version, report.path.string());
}

}  // namespace

int plugins_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  declare_plugin_option(options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  gpt::Registry registry;
  gpt::PluginSearch search;
  search.paths.assign(arguments.all("plugin").begin(), arguments.all("plugin").end());
  const auto reports = gpt::discover_plugins(search, registry);
  if (options.flag("json")) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const auto& report : reports) all.push_back(record(report));
    print_json({{"plugins", all}, {"searched", registry.searched()}});
    return 0;
  }
  for (const auto& report : reports) print(report);
  if (reports.empty()) fmt::print("no plugins found; looked in: {}\n", fmt::join(registry.searched(), ", "));
  return 0;
}

}  // namespace gptask::app
