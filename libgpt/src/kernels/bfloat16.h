// float32 <-> bfloat16 (the upper half of a float32).
#pragma once

#include <cstdint>

namespace gpt::kernels {

/// Rounded to nearest, ties to even; what is too large becomes infinite, NaN stays NaN.
void to_bfloat16(std::int64_t n, const float* in, std::uint16_t* out);

}  // namespace gpt::kernels
