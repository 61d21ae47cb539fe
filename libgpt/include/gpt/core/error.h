// Errors: one exception type with a stable code. A message says what, where, the value, and what to do next.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace gpt {

/// Stable kinds of failure. Programs may compare them; their names (error_name) appear in --json output.
enum class ErrorCode {
  not_found,       ///< a file, folder, column, plugin or name that does not exist
  io,              ///< the operating system refused: permission, disk full, ...
  malformed,       ///< a file's content breaks its format
  unsupported,     ///< well formed, but something this build does not do
  mismatch,        ///< two things that must agree do not (shapes, labels, versions)
  invalid_option,  ///< an option's value makes no sense
  plugin,          ///< a plugin could not be loaded
  diverged,        ///< training produced a loss that is not finite
  memory,          ///< a run needs more than there is
  interrupted,     ///< stopped on request; what was reached is saved
};

/// The code as text, for example "not_found".
std::string_view error_name(ErrorCode code) noexcept;

/// Every exception the library throws on purpose.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ~Error() override;  // out of line: one type identity across shared libraries
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

/// Throws Error with a formatted message.
template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace gpt
