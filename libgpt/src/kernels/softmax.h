// Exponentials of rows: attention weights and cross entropy.
#pragma once

#include <cstdint>

namespace gpt::kernels {

/// x = softmax(x) over n values; returns log(sum(exp(x))).
float softmax(std::int64_t n, float* x);
/// x = exp(x - shift)
void exp_shifted(std::int64_t n, float shift, float* x);
/// log(sum(exp(x)))
float log_sum_exp(std::int64_t n, const float* x);
/// ds = p * (dp - correction), written over dp (the backward of softmax).
void softmax_backward(std::int64_t n, const float* p, float correction, float* dp);
/// Sum of a * b.
float dot(std::int64_t n, const float* a, const float* b);

}  // namespace gpt::kernels
