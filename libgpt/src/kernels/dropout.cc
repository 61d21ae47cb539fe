#include "kernels/dropout.h"

#include "gpt/core/random.h"

namespace gpt::kernels {

void dropout(std::int64_t n, float p, const DropoutKey& key, std::uint64_t first, const float* x, float* out) {
  const auto threshold = static_cast<std::uint32_t>(static_cast<double>(p) * 4294967296.0);
  const float kept = 1.0F / (1.0F - p);
  const std::uint64_t high = key.step << 32 | key.stream;
  std::array<std::uint32_t, 4> words{};
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint64_t element = first + static_cast<std::uint64_t>(i);
    if (i == 0 || element % 4 == 0) words = philox(key.seed, high, element / 4);
    out[i] = words[element % 4] < threshold ? 0.0F : x[i] * kept;
  }
}

}  // namespace gpt::kernels
