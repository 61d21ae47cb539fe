// The tasks this program knows: from plugins, found as the user asked.
#pragma once

#include <string>
#include <vector>

#include "gpt/plugin/loader.h"
#include "gpt/plugin/registry.h"

namespace gptask::app {

void declare_plugin_option(gpt::Options& options);

/// Loads plugins: those named first, then GPTASK_PLUGIN_PATH, then the installed folder. Error plugin if one that was
/// named cannot be loaded; others are passed over (gptask plugins shows why).
gpt::Registry load_tasks(const std::vector<std::string>& plugins);

}  // namespace gptask::app
