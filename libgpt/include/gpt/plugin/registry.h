// The tasks that are known, by name.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/plugin/task.h"

namespace gpt {

struct TaskEntry {
  std::string name;
  int version = 0;
  std::filesystem::path plugin;  ///< the file it came from; empty for a task that was registered in the program
  std::function<std::unique_ptr<Task>()> make;
};

/// Collects what one plugin registers; all of it is taken over, or nothing.
class Registrar {
 public:
  /// T: a default-constructible Task.
  template <typename T>
  void task(std::string name, int version) {
    add({std::move(name), version, {}, [] { return std::make_unique<T>(); }});
  }
  void add(TaskEntry entry) { entries_.push_back(std::move(entry)); }
  std::vector<TaskEntry>& entries() noexcept { return entries_; }

 private:
  std::vector<TaskEntry> entries_;
};

class Registry {
 public:
  /// Error plugin if a name is taken (naming both files); then nothing is added.
  void add(Registrar&& registrar, const std::filesystem::path& plugin);
  const std::vector<TaskEntry>& tasks() const noexcept { return tasks_; }
  /// Error not_found names the tasks there are and where plugins are looked for.
  const TaskEntry& find(std::string_view name) const;

  /// A place where plugins were looked for, for find() to name.
  void note_searched(std::string place);
  const std::vector<std::string>& searched() const noexcept { return searched_; }

 private:
  std::vector<TaskEntry> tasks_;
  std::vector<std::string> searched_;
};

}  // namespace gpt
