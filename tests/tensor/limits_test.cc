// The machine's limits: measured for real, so only their order of magnitude and their order among each other are known.
#include "gpt/tensor/limits.h"

#include "gpt/tensor/gemm.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"

TEST_CASE("the machine's limits are those of a machine", "[tensor]") {
  gpt::Threads threads(2);
  const gpt::MachineLimits limits = gpt::measure_limits(threads);
  CHECK(limits.float32 > 1e8);
  CHECK(limits.float32 < 1e14);
  CHECK((limits.bfloat16 > 0) == gpt::hardware_bf16());
  CHECK(limits.int8 > 1e8);
  CHECK(limits.memory > 1e8);
  CHECK(limits.memory < 1e13);
}
