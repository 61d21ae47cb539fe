// What the operating system says about a path, as an Error.
#pragma once

#include <filesystem>

#include "gpt/core/error.h"

namespace gpt {

/// Runs what asks about paths. What std::filesystem throws (links in a circle, a folder that may not be entered)
/// becomes Error io.
template <typename Ask>
auto with_file_errors(Ask ask) -> decltype(ask()) {
  try {
    return ask();
  } catch (const std::filesystem::filesystem_error& error) {
    fail(ErrorCode::io, "cannot look at {}: {}", error.path1().string(), error.code().message());
  }
}

}  // namespace gpt
