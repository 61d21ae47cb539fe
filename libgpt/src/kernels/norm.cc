#include "kernels/norm.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/norm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

HWY_INLINE float Sum(V v) { return hn::GetLane(hn::SumOfLanes(D(), v)); }

RowMoments LayerNorm(std::int64_t n, const float* x, const float* weight, const float* bias, float epsilon, float* y) {
  V sum = hn::Zero(D());
  for_lanes(n, [&](D d, std::int64_t i, auto part) { sum = hn::Add(sum, part.load(d, x + i)); });
  const float mean = Sum(sum) / static_cast<float>(n);
  float squares = 0;
  {
    V total = hn::Zero(D());
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
    const D d;
    std::int64_t i = 0;
    for (; i + lanes <= n; i += lanes) {
      const V c = hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean));
      total = hn::MulAdd(c, c, total);
    }
    squares = Sum(total);
    for (; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
  }
  const float inverse = 1.0F / std::sqrt(squares / static_cast<float>(n) + epsilon);
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V normal = hn::Mul(hn::Sub(part.load(d, x + i), hn::Set(d, mean)), hn::Set(d, inverse));
    const V scaled = hn::Mul(normal, part.load(d, weight + i));
    part.store(d, bias != nullptr ? hn::Add(scaled, part.load(d, bias + i)) : scaled, y + i);
  });
  return {mean, inverse};
}

RowMoments RmsNorm(std::int64_t n, const float* x, const float* weight, float epsilon, float* y) {
  V sum = hn::Zero(D());
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V v = part.load(d, x + i);
    sum = hn::MulAdd(v, v, sum);
  });
  const float inverse = 1.0F / std::sqrt(Sum(sum) / static_cast<float>(n) + epsilon);
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    part.store(d, hn::Mul(hn::Mul(part.load(d, x + i), hn::Set(d, inverse)), part.load(d, weight + i)), y + i);
  });
  return {0.0F, inverse};
}

void NormBackward(std::int64_t n, const float* x, const float* weight, RowMoments moments, bool centred,
                  const float* dy, float* dx, float* dweight, float* dbias) {
  // With z = (x - mean) r and g = dy * weight: dx = r (g - mean(g) [centred] - z mean(g z)).
  V sum_g = hn::Zero(D()), sum_gz = hn::Zero(D());
  const float r = moments.inverse_deviation;
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V z = hn::Mul(hn::Sub(part.load(d, x + i), hn::Set(d, moments.mean)), hn::Set(d, r));
    const V y = part.load(d, dy + i), g = hn::Mul(y, part.load(d, weight + i));
    sum_g = hn::Add(sum_g, g);
    sum_gz = hn::MulAdd(g, z, sum_gz);
    if (dweight != nullptr) part.store(d, hn::MulAdd(y, z, part.load(d, dweight + i)), dweight + i);
    if (dbias != nullptr) part.store(d, hn::Add(y, part.load(d, dbias + i)), dbias + i);
  });
  const float mean_g = centred ? Sum(sum_g) / static_cast<float>(n) : 0.0F;
  const float mean_gz = Sum(sum_gz) / static_cast<float>(n);
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V z = hn::Mul(hn::Sub(part.load(d, x + i), hn::Set(d, moments.mean)), hn::Set(d, r));
    const V g = hn::Mul(part.load(d, dy + i), part.load(d, weight + i));
    const V inner = hn::Sub(hn::NegMulAdd(z, hn::Set(d, mean_gz), g), hn::Set(d, mean_g));
    part.store(d, hn::MulAdd(inner, hn::Set(d, r), part.load(d, dx + i)), dx + i);
  });
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gpt::kernels {

HWY_EXPORT(LayerNorm);
HWY_EXPORT(RmsNorm);
HWY_EXPORT(NormBackward);

RowMoments layer_norm(std::int64_t n, const float* x, const float* weight, const float* bias, float epsilon, float* y) {
  return HWY_DYNAMIC_DISPATCH(LayerNorm)(n, x, weight, bias, epsilon, y);
}
RowMoments rms_norm(std::int64_t n, const float* x, const float* weight, float epsilon, float* y) {
  return HWY_DYNAMIC_DISPATCH(RmsNorm)(n, x, weight, epsilon, y);
}
void norm_backward(std::int64_t n, const float* x, const float* weight, RowMoments moments, bool centred,
                   const float* dy, float* dx, float* dweight, float* dbias) {
  HWY_DYNAMIC_DISPATCH(NormBackward)(n, x, weight, moments, centred, dy, dx, dweight, dbias);
}

}  // namespace gpt::kernels
#endif
