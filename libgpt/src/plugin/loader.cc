#include "gpt/plugin/loader.h"

#include <cxxabi.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "gpt/core/error.h"
#include "plugin/rebuild.h"

namespace gpt {
namespace {

using EntryPoint = void (*)(void*);
constexpr const char* kEntryPoint = "gptask_plugin_register";

/// Never a bare name, which dlopen would look for along its own path.
std::filesystem::path full_path(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored);
}

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code ignored;
  return std::filesystem::equivalent(a, b, ignored);
}

void check_stamp(const std::filesystem::path& file, const BuildStamp& stamp) {
  const auto differences = compare_stamps(stamp, BuildStamp::own());
  if (differences.empty()) return;
  std::vector<std::string> listed;
  for (const StampDifference& difference : differences)
    listed.push_back(fmt::format("{} is {}, needed is {}", difference.field,
                                 difference.found.empty() ? "missing" : difference.found,
                                 difference.needed.empty() ? "none" : difference.needed));
  fail(ErrorCode::plugin, "{} was built differently from this libgpt: {}. Build it again in a new folder: {}",
       file.string(), fmt::join(listed, "; "), rebuild_command(differences));
}

/// " (gpt::missing())" for "...: undefined symbol: _ZN3gpt7missingEv", with advice; "" for other messages.
std::string explain_symbol(std::string_view message) {
  constexpr std::string_view marker = "undefined symbol: ";
  const std::size_t at = message.find(marker);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = message.substr(at + marker.size());
  const std::string symbol(rest.substr(0, rest.find_first_of(" \t,)")));
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status),
                                                    std::free);
  return fmt::format("{}; name the library that defines it under LIBRARIES of gptask_add_plugin",
                     status == 0 ? fmt::format(" ({})", name.get()) : "");
}

/// Never closed again: objects made by the plugin may live as long as the program.
EntryPoint open_entry_point(const std::filesystem::path& file) {
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* reason = ::dlerror();
    const std::string message = reason != nullptr ? reason : "the system gives no reason";
    fail(ErrorCode::plugin, "{} cannot be loaded: {}{}", file.string(), message, explain_symbol(message));
  }
  void* entry = ::dlsym(library, kEntryPoint);
  if (entry == nullptr)
    fail(ErrorCode::plugin,
         "{} has no entry point {}: write GPTASK_PLUGIN(registrar) {{ ... }} in one of its source files", file.string(),
         kEntryPoint);
  return reinterpret_cast<EntryPoint>(entry);
}

Registrar run_entry_point(const std::filesystem::path& file, EntryPoint entry) {
  Registrar registrar;
  try {
    entry(&registrar);
  } catch (const std::exception& error) {
    fail(ErrorCode::plugin, "{} failed while it registered its tasks: {}", file.string(), error.what());
  } catch (...) {
    fail(ErrorCode::plugin, "{} failed while it registered its tasks, with an exception that is no std::exception",
         file.string());
  }
  if (registrar.entries().empty())
    fail(ErrorCode::plugin, "{} registers no task: call registrar.task<T>(NAME, VERSION)", file.string());
  return registrar;
}

/// Fills the report as far as it comes.
void load_into(PluginReport& report, Registry& registry) {
  std::error_code missing;
  const auto real = std::filesystem::canonical(report.path, missing);
  const std::filesystem::path& file = missing ? report.path : real;
  report.stamp = read_build_stamp(file);
  const auto collect = [&] {
    for (const TaskEntry& entry : registry.tasks())
      if (!entry.plugin.empty() && same_file(entry.plugin, file)) report.tasks.push_back({entry.name, entry.version});
  };
  collect();
  if (!report.tasks.empty()) return;
  check_stamp(file, report.stamp);
  registry.add(run_entry_point(file, open_entry_point(file)), file);
  collect();
}

}  // namespace

PluginReport load_plugin(const std::filesystem::path& file, Registry& registry) {
  PluginReport report{full_path(file), true};
  load_into(report, registry);
  return report;
}

namespace {

/// One search: where it looked and what it found, in order.
class Discovery {
 public:
  explicit Discovery(Registry& registry) : registry_(registry) {}

  void path(const std::filesystem::path& given) {
    const auto path = full_path(given);
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return folder(path);
    registry_.note_searched(path.string());
    load(path, true);
  }

  void environment(std::string_view folders) {
    while (!folders.empty()) {
      const std::string_view entry = folders.substr(0, folders.find(':'));
      folders.remove_prefix(std::min(folders.size(), entry.size() + 1));
      if (entry.empty()) continue;
      const std::filesystem::path path(entry);
      if (path.is_absolute())
        folder(path);
      else
        refuse(path,
               "GPTASK_PLUGIN_PATH names a folder relative to the current one, which is never searched: give its full "
               "path");
    }
  }

  void folder(const std::filesystem::path& folder) {
    std::error_code error;
    const bool there = std::filesystem::is_directory(folder, error);
    registry_.note_searched(there ? folder.string() : folder.string() + " (no such folder)");
    if (!there) return;
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator item(folder, error), end; !error && item != end; item.increment(error))
      if (item->path().extension() == ".so") files.push_back(item->path());
    if (error) refuse(folder, fmt::format("the folder cannot be read: {}", error.message()));
    std::sort(files.begin(), files.end());
    for (const auto& file : files) load(file, false);
  }

  std::vector<PluginReport> take() { return std::move(reports_); }

 private:
  void load(const std::filesystem::path& file, bool requested) {
    for (const PluginReport& earlier : reports_)
      if (same_file(earlier.path, file)) return;
    PluginReport& report = reports_.emplace_back(PluginReport{file, requested});
    try {
      load_into(report, registry_);
    } catch (const Error& error) {
      report.refusal = error.what();
    }
  }

  void refuse(const std::filesystem::path& place, const std::string& reason) {
    reports_.push_back({.path = place, .refusal = fmt::format("{}: {}", place.string(), reason)});
  }

  Registry& registry_;
  std::vector<PluginReport> reports_;
};

}  // namespace

std::vector<PluginReport> discover_plugins(const PluginSearch& search, Registry& registry) {
  Discovery discovery(registry);
  for (const auto& path : search.paths) discovery.path(path);
  const char* folders = std::getenv("GPTASK_PLUGIN_PATH");
  if (search.environment && folders != nullptr) discovery.environment(folders);
  if (search.installed) discovery.folder(installed_plugin_folder());
  return discovery.take();
}

std::filesystem::path installed_plugin_folder() { return libgpt_folder() / "gptask" / "plugins"; }

}  // namespace gpt
