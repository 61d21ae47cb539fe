#include "gpt/plugin/registry.h"

#include <algorithm>
#include <iterator>

#include "gpt/core/error.h"

namespace gpt {
namespace {

std::string origin(const std::filesystem::path& plugin) {
  return plugin.empty() ? std::string("the program itself") : plugin.string();
}

void check_name(const std::string& name, const std::filesystem::path& plugin) {
  if (name.empty() || name.find_first_of(" \t\r\n/") != std::string::npos)
    fail(ErrorCode::plugin, "{} registers a task named \"{}\": a name has at least one letter and no spaces or slashes",
         origin(plugin), name);
}

template <typename Entries>
const TaskEntry* find_entry(const Entries& entries, std::string_view name) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const TaskEntry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

void Registry::add(Registrar&& registrar, const std::filesystem::path& plugin) {
  std::vector<TaskEntry> all = tasks_;
  for (TaskEntry& entry : registrar.entries()) {
    check_name(entry.name, plugin);
    if (const TaskEntry* taken = find_entry(all, entry.name))
      fail(ErrorCode::plugin,
           "{} registers the task \"{}\", which {} has registered already: rename one, or leave one out",
           origin(plugin), entry.name, origin(taken->plugin));
    all.push_back(std::move(entry));
    all.back().plugin = plugin;
  }
  tasks_ = std::move(all);
}

const TaskEntry& Registry::find(std::string_view name) const {
  if (const TaskEntry* entry = find_entry(tasks_, name)) return *entry;
  std::vector<std::string> names;
  for (const TaskEntry& entry : tasks_) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  const std::string nearest = nearest_name(name, names);
  fail(ErrorCode::not_found,
       "there is no task \"{}\"{}; the tasks are: {}; plugins were looked for in: {}; --plugin FILE adds one", name,
       nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest),
       names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")),
       searched_.empty() ? "no folder" : fmt::format("{}", fmt::join(searched_, ", ")));
}

void Registry::note_searched(std::string place) {
  if (std::find(searched_.begin(), searched_.end(), place) == searched_.end()) searched_.push_back(std::move(place));
}

}  // namespace gpt
