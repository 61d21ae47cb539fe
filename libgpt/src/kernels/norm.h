// Normalization of one row of n values.
#pragma once

#include <cstdint>

namespace gpt::kernels {

/// What a row needs on its way back.
struct RowMoments {
  float mean, inverse_deviation;
};

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias (Ba et al., 2016); bias may be null.
RowMoments layer_norm(std::int64_t n, const float* x, const float* weight, const float* bias, float epsilon, float* y);
/// y = x / sqrt(mean(x^2) + epsilon) * weight (Zhang and Sennrich, 2019); the mean returned is 0.
RowMoments rms_norm(std::int64_t n, const float* x, const float* weight, float epsilon, float* y);

/// dx += gradient of the row; dweight and dbias (null where frozen) += this row's part. `centred`: layer norm.
void norm_backward(std::int64_t n, const float* x, const float* weight, RowMoments moments, bool centred,
                   const float* dy, float* dx, float* dweight, float* dbias);

}  // namespace gpt::kernels
