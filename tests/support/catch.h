// Hides the differences of Catch2 2 and 3.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace gpt::test {

/// Notes that this test case could not run here and why; the caller returns. The runner exits with the skip code (77)
/// when tests were skipped and none ran, and with 1 when GPTASK_NO_SKIP is set (as CI does).
void skip(const std::string& reason);

}  // namespace gpt::test

#define GPT_SKIP(reason)       \
  do {                         \
    ::gpt::test::skip(reason); \
    return;                    \
  } while (false)
