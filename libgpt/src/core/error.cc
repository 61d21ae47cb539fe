#include "gpt/core/error.h"

namespace gpt {

Error::~Error() = default;

std::string_view error_name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::io:
      return "io";
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::mismatch:
      return "mismatch";
    case ErrorCode::invalid_option:
      return "invalid_option";
    case ErrorCode::plugin:
      return "plugin";
    case ErrorCode::diverged:
      return "diverged";
    case ErrorCode::memory:
      return "memory";
    case ErrorCode::interrupted:
      return "interrupted";
  }
  return "unknown";
}

}  // namespace gpt
