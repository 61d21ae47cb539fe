// What a machine can do at best: what a measured speed is set beside.
#pragma once

namespace gpt {

class Threads;

/// Of matrix products in operations a second (2 m n k for [m, k] x [k, n]), the best of a few shapes that models have;
/// 0 where the machine has no such products in hardware. Of memory in bytes a second, read by all threads at once.
struct MachineLimits {
  double float32 = 0, bfloat16 = 0, int8 = 0, memory = 0;
};

/// Measures for about two seconds. The products are those the library makes (gemm); those of 8 bits are oneDNN's own,
/// with one operand in the layout it likes best.
MachineLimits measure_limits(Threads& threads);

}  // namespace gpt
