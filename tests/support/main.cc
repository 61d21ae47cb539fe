// The test runner: Catch2's, plus a count of skipped cases that works with Catch2 2 and 3.
#define CATCH_CONFIG_RUNNER
#include <cstdio>
#include <cstdlib>

#include "support/catch.h"

namespace gpt::test {

static int skipped = 0;

void skip(const std::string& reason) {
  ++skipped;
  std::fprintf(stderr, "SKIPPED: %s\n", reason.c_str());
  if (std::getenv("GPTASK_NO_SKIP") != nullptr) FAIL("a test was skipped where none may be: " << reason);
  SUCCEED(reason);
}

}  // namespace gpt::test

#ifdef GPTASK_SANITIZED
/// oneTBB keeps 40 bytes of an observer whose arena never got the workers it asked for.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libtbb.so"; }
#endif

int main(int argc, char** argv) {
  const int failed = Catch::Session().run(argc, argv);
  if (failed != 0) return 1;
  if (gpt::test::skipped > 0) std::fprintf(stderr, "%d test case(s) skipped\n", gpt::test::skipped);
  return 0;
}
