// The build stamp: what a plugin and libgpt must have been built with alike, since C++ objects cross between them. The
// macro GPTASK_PLUGIN leaves it in an ELF note; the loader reads it from the file before any code of the plugin runs.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gpt/core/version.h"

/// Raised when an interface that plugins implement or call changes its layout or meaning.
#define GPT_PLUGIN_INTERFACE 3

#define GPT_STAMP_QUOTE(x) #x
#define GPT_STAMP_TEXT(x) GPT_STAMP_QUOTE(x)

#if defined(__clang__)
#define GPT_STAMP_COMPILER "clang-" GPT_STAMP_TEXT(__clang_major__)
#else
#define GPT_STAMP_COMPILER "gcc-" GPT_STAMP_TEXT(__GNUC__)
#endif

#if defined(_LIBCPP_VERSION)
#define GPT_STAMP_LIBRARY "libc++-" GPT_STAMP_TEXT(_LIBCPP_ABI_VERSION)
#define GPT_STAMP_CXX11_ABI "1"
#else
#define GPT_STAMP_LIBRARY "libstdc++-" GPT_STAMP_TEXT(_GLIBCXX_RELEASE)
#define GPT_STAMP_CXX11_ABI GPT_STAMP_TEXT(_GLIBCXX_USE_CXX11_ABI)
#endif

#if defined(_GLIBCXX_DEBUG)
#define GPT_STAMP_DEBUG_CONTAINERS "1"
#else
#define GPT_STAMP_DEBUG_CONTAINERS "0"
#endif

#if defined(JSON_DIAGNOSTICS) && JSON_DIAGNOSTICS
#define GPT_STAMP_JSON_DIAGNOSTICS "1"
#else
#define GPT_STAMP_JSON_DIAGNOSTICS "0"
#endif

#if defined(__has_feature)
#define GPT_STAMP_HAS_FEATURE(x) __has_feature(x)
#else
#define GPT_STAMP_HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || GPT_STAMP_HAS_FEATURE(address_sanitizer)
#define GPT_STAMP_SANITIZER "address"
#elif defined(__SANITIZE_THREAD__) || GPT_STAMP_HAS_FEATURE(thread_sanitizer)
#define GPT_STAMP_SANITIZER "thread"
#elif GPT_STAMP_HAS_FEATURE(memory_sanitizer)
#define GPT_STAMP_SANITIZER "memory"
#else
#define GPT_STAMP_SANITIZER "none"
#endif

/// One field a line, NAME=VALUE; `end` is how a line ends, which differs between a C++ string and assembly.
#define GPT_BUILD_STAMP(end)                                                                                    \
  "interface=" GPT_STAMP_TEXT(GPT_PLUGIN_INTERFACE) end                                                         \
      "gptask=" GPTASK_VERSION end "compiler=" GPT_STAMP_COMPILER end "standard_library=" GPT_STAMP_LIBRARY end \
      "cxx11_abi=" GPT_STAMP_CXX11_ABI end "debug_containers=" GPT_STAMP_DEBUG_CONTAINERS end                   \
      "json=" GPT_STAMP_TEXT(NLOHMANN_JSON_VERSION_MAJOR) "." GPT_STAMP_TEXT(                                   \
          NLOHMANN_JSON_VERSION_MINOR) "." GPT_STAMP_TEXT(NLOHMANN_JSON_VERSION_PATCH) end                      \
      "json_diagnostics=" GPT_STAMP_JSON_DIAGNOSTICS end "sanitizer=" GPT_STAMP_SANITIZER end

namespace gpt {

/// A stamp's fields in the order they were written.
class BuildStamp {
 public:
  BuildStamp() = default;
  /// From the lines of a note. Error plugin for a line that is not NAME=VALUE.
  static BuildStamp parse(std::string_view text);
  /// The one libgpt was built with.
  static const BuildStamp& own();

  const std::vector<std::pair<std::string, std::string>>& fields() const noexcept { return fields_; }
  /// "" for a field it lacks.
  std::string_view field(std::string_view name) const noexcept;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A field that keeps a plugin from being loaded: its value there and the one this libgpt needs ("" where one lacks
/// it).
struct StampDifference {
  std::string field, found, needed;
};

/// Empty if a plugin with this stamp fits. Of the gptask versions only the series counts (0.1 of 0.1.3).
std::vector<StampDifference> compare_stamps(const BuildStamp& plugin, const BuildStamp& needed);

/// Reads a plugin's stamp from the file, running none of its code. Errors: not_found for a missing file, io for one
/// that cannot be read, plugin for one that is no ELF library of this machine, is cut short or carries no stamp.
BuildStamp read_build_stamp(const std::filesystem::path& file);

}  // namespace gpt
