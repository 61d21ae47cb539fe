// Exponentials of rows: attention weights and cross entropy.
#pragma once

#include <cstdint>

namespace gpt::kernels {

/// log(sum(exp(x))) as top + log_sum, top the largest of x: kept apart, since their sum would lose a small loss's
/// digits.
struct LogSum {
  float top, log_sum;
  float total() const noexcept { return top + log_sum; }
};
/// x = softmax(x) over n values.
LogSum softmax(std::int64_t n, float* x);
/// x = exp(x - shift)
void exp_shifted(std::int64_t n, float shift, float* x);
LogSum log_sum_exp(std::int64_t n, const float* x);
/// ds = p * (dp - correction), written over dp (the backward of softmax).
void softmax_backward(std::int64_t n, const float* p, float correction, float* dp);
/// Sum of a * b.
float dot(std::int64_t n, const float* a, const float* b);

}  // namespace gpt::kernels
