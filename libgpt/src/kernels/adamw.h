// The AdamW update of n values in one pass.
#pragma once

#include <cstdint>

namespace gpt::kernels {

struct AdamwStep {
  float learning_rate, beta2, epsilon, weight_decay;
  float rest1, rest2;              ///< 1 - beta1, 1 - beta2, subtracted in double: 1 - 0.999f is off by 2e-5
  float correction1, correction2;  ///< 1 - beta1^t, 1 - beta2^t
  float grad_factor;               ///< what clipping multiplies gradients with
};

/// Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, in PyTorch's order of operations:
/// w -= lr decay w;  m += (1 - beta1)(g - m);  v = beta2 v + (1 - beta2) g^2;  w -= lr / c1 * m / (sqrt(v) / sqrt(c2) +
/// eps).
void adamw(std::int64_t n, const AdamwStep& step, const float* grad, float* weight, float* first, float* second);

}  // namespace gpt::kernels
