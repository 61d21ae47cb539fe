// The machine's limits: measured for real, so only their order of magnitude and their order among each other are known.
#include "gpt/tensor/limits.h"

#include "gpt/tensor/gemm.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"

TEST_CASE("the machine's limits are those of a machine", "[tensor]") {
  gpt::Threads threads(2);
  const auto limit = [&](gpt::Limit what) { return gpt::measure_limit(what, threads); };
  CHECK(limit(gpt::Limit::float32) > 1e8);
  CHECK(limit(gpt::Limit::float32) < 1e14);
  CHECK((limit(gpt::Limit::bfloat16) > 0) == gpt::hardware_bf16());
  CHECK(limit(gpt::Limit::int8) > 1e8);
  CHECK(limit(gpt::Limit::memory) > 1e8);
  CHECK(limit(gpt::Limit::memory) < 1e13);
}
