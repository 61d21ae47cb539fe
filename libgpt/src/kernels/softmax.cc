#include "kernels/softmax.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h:
#include <hwy/contrib/math/math-inl.h>

#include "kernels/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

float Maximum(std::int64_t n, const float* x) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V best = hn::Set(d, x[0]);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) best = hn::Max(best, hn::LoadU(d, x + i));
  float top = hn::GetLane(hn::MaxOfLanes(d, best));
  for (; i < n; ++i) top = x[i] > top ? x[i] : top;
  return top;
}

/// out = exp(x - shift), and its sum; out may be null.
float ExpSum(std::int64_t n, const float* x, float shift, float* out) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V sum = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const V e = hn::Exp(d, hn::Sub(hn::LoadU(d, x + i), hn::Set(d, shift)));
    if (out != nullptr) hn::StoreU(e, d, out + i);
    sum = hn::Add(sum, e);
  }
  if (i < n) {
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(n - i));
    const V e = hn::IfThenElseZero(
        mask, hn::Exp(d, hn::Sub(Part{static_cast<std::size_t>(n - i)}.load(d, x + i), hn::Set(d, shift))));
    if (out != nullptr) hn::BlendedStore(e, mask, d, out + i);
    sum = hn::Add(sum, e);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

LogSum Softmax(std::int64_t n, float* x) {
  const float top = Maximum(n, x);
  const float sum = ExpSum(n, x, top, x);
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    part.store(d, hn::Mul(part.load(d, x + i), hn::Set(d, 1.0F / sum)), x + i);
  });
  return {top, std::log(sum)};
}

void ExpShifted(std::int64_t n, float shift, float* x) { ExpSum(n, x, shift, x); }

LogSum LogSumExp(std::int64_t n, const float* x) {
  const float top = Maximum(n, x);
  return {top, std::log(ExpSum(n, x, top, nullptr))};
}

void SoftmaxBackward(std::int64_t n, const float* p, float correction, float* dp) {
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    part.store(d, hn::Mul(part.load(d, p + i), hn::Sub(part.load(d, dp + i), hn::Set(d, correction))), dp + i);
  });
}

float Dot(std::int64_t n, const float* a, const float* b) {
  V sum = hn::Zero(D());
  for_lanes(n,
            [&](D d, std::int64_t i, auto part) { sum = hn::MulAdd(part.load(d, a + i), part.load(d, b + i), sum); });
  return hn::GetLane(hn::SumOfLanes(D(), sum));
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gpt::kernels {

HWY_EXPORT(Softmax);
HWY_EXPORT(ExpShifted);
HWY_EXPORT(LogSumExp);
HWY_EXPORT(SoftmaxBackward);
HWY_EXPORT(Dot);

LogSum softmax(std::int64_t n, float* x) { return HWY_DYNAMIC_DISPATCH(Softmax)(n, x); }
void exp_shifted(std::int64_t n, float shift, float* x) { HWY_DYNAMIC_DISPATCH(ExpShifted)(n, shift, x); }
LogSum log_sum_exp(std::int64_t n, const float* x) { return HWY_DYNAMIC_DISPATCH(LogSumExp)(n, x); }
void softmax_backward(std::int64_t n, const float* p, float correction, float* dp) {
  HWY_DYNAMIC_DISPATCH(SoftmaxBackward)(n, p, correction, dp);
}
float dot(std::int64_t n, const float* a, const float* b) { return HWY_DYNAMIC_DISPATCH(Dot)(n, a, b); }

}  // namespace gpt::kernels
#endif
