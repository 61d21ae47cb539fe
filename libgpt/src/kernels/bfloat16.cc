#include "kernels/bfloat16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bfloat16.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void ToBfloat16(std::int64_t n, const float* in, std::uint16_t* out) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::uint16_t, decltype(d)> half;
  const auto round = [&](auto value) HWY_ATTR {
    const auto bits = hn::BitCast(du, value);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
    const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFF)));
    const auto quiet = hn::Or(bits, hn::Set(du, 0x00400000));
    const auto chosen = hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(value)), quiet, rounded);
    return hn::DemoteTo(half, hn::BitCast(di, hn::ShiftRight<16>(chosen)));
  };
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(round(hn::LoadU(d, in + i)), half, out + i);
  if (i == n) return;
  HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
  HWY_ALIGN std::uint16_t rounded[HWY_MAX_BYTES / sizeof(float)];
  for (std::int64_t j = i; j < n; ++j) rest[j - i] = in[j];
  hn::Store(round(hn::Load(d, rest)), half, rounded);
  for (std::int64_t j = i; j < n; ++j) out[j] = rounded[j - i];
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gpt::kernels {

HWY_EXPORT(ToBfloat16);

void to_bfloat16(std::int64_t n, const float* in, std::uint16_t* out) { HWY_DYNAMIC_DISPATCH(ToBfloat16)(n, in, out); }

}  // namespace gpt::kernels
#endif
