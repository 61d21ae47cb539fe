#include "plugin/rebuild.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace gpt {
namespace {

/// "g++-12" for "gcc-12".
std::string compiler_program(std::string_view compiler) {
  const std::size_t dash = compiler.find('-');
  return fmt::format("{}{}", compiler.substr(0, dash) == "gcc" ? "g++" : "clang++",
                     dash == std::string_view::npos ? "" : compiler.substr(dash));
}

/// The compiler flag that gives a field the value needed; "" where none does.
std::string flag_for(const StampDifference& difference) {
  if (difference.field == "cxx11_abi") return "-D_GLIBCXX_USE_CXX11_ABI=" + difference.needed;
  if (difference.field == "debug_containers") return difference.needed == "1" ? "-D_GLIBCXX_DEBUG" : "-U_GLIBCXX_DEBUG";
  if (difference.field == "json_diagnostics") return "-DJSON_DIAGNOSTICS=" + difference.needed;
  if (difference.field == "sanitizer")
    return difference.needed == "none" ? "-fno-sanitize=all" : "-fsanitize=" + difference.needed;
  return "";
}

}  // namespace

std::filesystem::path libgpt_folder() {
  ::Dl_info library{};
  if (::dladdr(reinterpret_cast<const void*>(&libgpt_folder), &library) == 0 || library.dli_fname == nullptr) return {};
  std::error_code error;
  const auto file = std::filesystem::canonical(library.dli_fname, error);
  return (error ? std::filesystem::path(library.dli_fname) : file).parent_path();
}

std::string rebuild_command(std::span<const StampDifference> differences) {
  std::string compiler, flags;
  for (const StampDifference& difference : differences) {
    if (difference.field == "compiler") compiler = " -DCMAKE_CXX_COMPILER=" + compiler_program(difference.needed);
    const std::string flag = flag_for(difference);
    if (!flag.empty()) flags += (flags.empty() ? "" : " ") + flag;
  }
  if (!flags.empty()) flags = fmt::format(" -DCMAKE_CXX_FLAGS=\"{}\"", flags);
  return fmt::format("cmake -S SOURCE -B BUILD -Dgptask_DIR={}{}{} && cmake --build BUILD",
                     (libgpt_folder() / "cmake" / "gptask").string(), compiler, flags);
}

}  // namespace gpt
