#include "task_registry.h"

#include "gpt/core/error.h"
#include "gpt/core/options.h"

namespace gptask::app {

void declare_plugin_option(gpt::Options& options) {
  options.declare({"plugin", gpt::OptionSpec::Kind::text, "",
                   "a plugin file, or a folder of them, to load first; may be repeated"});
}

gpt::Registry load_tasks(const std::vector<std::string>& plugins) {
  gpt::Registry registry;
  gpt::PluginSearch search;
  search.paths.assign(plugins.begin(), plugins.end());
  for (const gpt::PluginReport& report : gpt::discover_plugins(search, registry))
    if (report.requested && !report.loaded()) gpt::fail(gpt::ErrorCode::plugin, "{}", report.refusal);
  return registry;
}

}  // namespace gptask::app
