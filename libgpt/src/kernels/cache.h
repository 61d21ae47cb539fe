// Keys and values in fewer bits: rounded when they are stored, widened when they are read.
#pragma once

#include <cstdint>

namespace gpt::kernels {

void from_bfloat16(std::int64_t n, const std::uint16_t* in, float* out);

/// out = the whole numbers nearest to in / scale (half to even), scale = max |in| / 127, which is returned; 0 where all
/// are 0.
float to_int8(std::int64_t n, const float* in, std::int8_t* out);
/// Without the scale.
void from_int8(std::int64_t n, const std::int8_t* in, float* out);

/// x *= by, element by element.
void multiply(std::int64_t n, const float* by, float* x);

}  // namespace gpt::kernels
