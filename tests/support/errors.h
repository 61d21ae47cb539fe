// Catching gpt::Error in tests.
#pragma once

#include <string>

#include "gpt/core/error.h"
#include "support/catch.h"

namespace gpt::test {

/// "CODE: message" of the Error that a call throws; "no error" if it throws none.
template <typename Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return std::string(error_name(error.code())) + ": " + error.what();
  }
  return "no error";
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace gpt::test

/// The call throws an Error of the code ("malformed") whose message contains the part.
#define CHECK_ERROR(call, code, part)                                             \
  do {                                                                            \
    const std::string error_found = ::gpt::test::error_of([&] { (void)(call); }); \
    INFO(error_found);                                                            \
    CHECK(::gpt::test::contains(error_found, std::string(code) + ": "));          \
    CHECK(::gpt::test::contains(error_found, part));                              \
  } while (false)
