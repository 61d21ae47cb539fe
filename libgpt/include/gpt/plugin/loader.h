// Finds plugins and loads them. A plugin is refused, with a message that names the file and the reason, without harm to
// the program; one that was loaded stays until the program ends. Calls that share a registry must not overlap.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gpt/plugin/registry.h"
#include "gpt/plugin/stamp.h"

namespace gpt {

struct PluginSearch {
  std::vector<std::filesystem::path> paths = {};  ///< --plugin: files, or folders of them; looked at first
  bool environment = true;                        ///< then the folders of GPTASK_PLUGIN_PATH, separated by colons
  bool installed = true;                          ///< then installed_plugin_folder()
};

/// What became of one plugin file (or of a place that could not be looked at).
struct PluginReport {
  struct Task {
    std::string name;
    int version = 0;
  };

  std::filesystem::path path;
  bool requested = false;  ///< named in PluginSearch::paths itself, not found in a folder
  std::vector<Task> tasks = {};
  BuildStamp stamp = {};     ///< empty where none could be read
  std::string refusal = {};  ///< why it was not loaded; empty if it was

  bool loaded() const noexcept { return refusal.empty(); }
};

/// Loads one plugin and adds its tasks to the registry: all of them, or none. The same file again changes nothing.
/// Errors: as read_build_stamp(); plugin for a stamp that differs (naming each field, both values and how to rebuild),
/// a symbol or entry point it lacks, an exception of its own, or a task whose name is taken.
PluginReport load_plugin(const std::filesystem::path& file, Registry& registry);

/// Loads what the search finds (files named *.so, by name within a folder), one report a file in the order looked at.
/// Never throws for a plugin: what was refused says so in its report. The current directory is never searched, and an
/// entry of GPTASK_PLUGIN_PATH that is empty is passed over, one that is relative refused.
std::vector<PluginReport> discover_plugins(const PluginSearch& search, Registry& registry);

/// gptask/plugins in the folder that libgpt itself was loaded from.
std::filesystem::path installed_plugin_folder();

}  // namespace gpt
