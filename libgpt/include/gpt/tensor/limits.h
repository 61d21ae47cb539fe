// What a machine can do at best: what a measured speed is set beside.
#pragma once

namespace gpt {

class Threads;

/// Matrix products in operations a second (2 m n k for [m, k] x [k, n]), the best of a few shapes that models have, by
/// the type of their operands; reading memory, by all threads at once, in bytes a second.
enum class Limit { float32, bfloat16, int8, memory };

/// Measures for about a second, the median of its turns; 0 where the machine has no such products in hardware. The
/// products are those the library makes (gemm); those of 8 bits are oneDNN's own, with one operand in the layout it
/// likes best.
double measure_limit(Limit limit, Threads& threads);

}  // namespace gpt
