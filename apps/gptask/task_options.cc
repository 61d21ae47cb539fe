#include "task_options.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gptask/toolkit/manifest.h"

namespace gptask::app {

gpt::Options declare_task_options(const gpt::TaskEntry& task, gpt::Options& options) {
  gpt::Options own;
  task.make()->declare_options(own);
  for (const gpt::OptionSpec& spec : own.specs()) options.declare(spec);
  return own;
}

gpt::Options declare_options_of_model(const Arguments& arguments, const gpt::Registry& registry,
                                      gpt::Options& options) {
  const gpt::OptionSpec* model = options.find("model");
  std::vector<std::string> names = model->aliases;
  names.push_back(model->name);
  for (const std::string& name : names) {
    const std::vector<std::string> folders = arguments.early(name);
    if (folders.empty()) continue;
    try {
      const std::string task = read_manifest(folders.back()).task;
      for (const gpt::TaskEntry& entry : registry.tasks())
        if (entry.name == task) return declare_task_options(entry, options);
    } catch (const gpt::Error&) {  // said again, and in full, by whoever loads the folder
    }
  }
  return {};
}

void take_task_options(const gpt::Options& options, gpt::Options& task_options) {
  for (const gpt::OptionSpec& spec : task_options.specs())
    if (options.given(spec.name)) task_options.set(spec.name, options.text(spec.name));
}

}  // namespace gptask::app
