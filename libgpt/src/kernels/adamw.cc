#include "kernels/adamw.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/adamw.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

void Adamw(std::int64_t n, const AdamwStep& s, const float* grad, float* weight, float* first, float* second) {
  const float keep = 1.0F - s.learning_rate * s.weight_decay;
  const float rate = s.learning_rate / s.correction1;
  const float root = 1.0F / std::sqrt(s.correction2);
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V g = hn::Mul(part.load(d, grad + i), hn::Set(d, s.grad_factor));
    V m = part.load(d, first + i), v = part.load(d, second + i);
    m = hn::MulAdd(hn::Set(d, s.rest1), hn::Sub(g, m), m);
    v = hn::MulAdd(hn::Mul(hn::Set(d, s.rest2), g), g, hn::Mul(hn::Set(d, s.beta2), v));
    const V below = hn::MulAdd(hn::Sqrt(v), hn::Set(d, root), hn::Set(d, s.epsilon));
    const V w = hn::Mul(part.load(d, weight + i), hn::Set(d, keep));
    part.store(d, hn::Sub(w, hn::Mul(hn::Set(d, rate), hn::Div(m, below))), weight + i);
    part.store(d, m, first + i);
    part.store(d, v, second + i);
  });
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gpt::kernels {

HWY_EXPORT(Adamw);

void adamw(std::int64_t n, const AdamwStep& step, const float* grad, float* weight, float* first, float* second) {
  HWY_DYNAMIC_DISPATCH(Adamw)(n, step, grad, weight, first, second);
}

}  // namespace gpt::kernels
#endif
