#include "kernels/cache.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cache.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// body(d, from, to) for whole vectors; what is left goes through buffers.
template <typename In, typename Out, typename Body>
void Convert(std::int64_t n, const In* in, Out* out, const Body& body) {
  constexpr std::size_t kMost = HWY_MAX_BYTES / sizeof(float);
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) body(d, in + i, out + i);
  if (i == n) return;
  HWY_ALIGN In from[kMost] = {};
  HWY_ALIGN Out to[kMost];
  for (std::int64_t j = i; j < n; ++j) from[j - i] = in[j];
  body(d, from, to);
  for (std::int64_t j = i; j < n; ++j) out[j] = to[j - i];
}

void FromBfloat16(std::int64_t n, const std::uint16_t* in, float* out) {
  Convert(n, in, out, [](auto d, const std::uint16_t* from, float* to) HWY_ATTR {
    const hn::Rebind<std::uint16_t, decltype(d)> half;
    const hn::RebindToUnsigned<decltype(d)> whole;
    hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(whole, hn::LoadU(half, from)))), d, to);
  });
}

void FromInt8(std::int64_t n, const std::int8_t* in, float* out) {
  Convert(n, in, out, [](auto d, const std::int8_t* from, float* to) HWY_ATTR {
    const hn::Rebind<std::int8_t, decltype(d)> byte;
    const hn::RebindToSigned<decltype(d)> whole;
    hn::StoreU(hn::ConvertTo(d, hn::PromoteTo(whole, hn::LoadU(byte, from))), d, to);
  });
}

float ToInt8(std::int64_t n, const float* in, std::int8_t* out) {
  const hn::ScalableTag<float> all;
  auto top = hn::Zero(all);
  for_lanes(n, [&](auto d, std::int64_t i, auto part) HWY_ATTR { top = hn::Max(top, hn::Abs(part.load(d, in + i))); });
  const float most = hn::GetLane(hn::MaxOfLanes(all, top));
  const float inverse = most > 0.0F ? 127.0F / most : 0.0F;
  Convert(n, in, out, [inverse](auto d, const float* from, std::int8_t* to) HWY_ATTR {
    const hn::Rebind<std::int8_t, decltype(d)> byte;
    const auto scaled = hn::Mul(hn::LoadU(d, from), hn::Set(d, inverse));
    hn::StoreU(hn::DemoteTo(byte, hn::NearestInt(scaled)), byte, to);
  });
  return most / 127.0F;
}

void Multiply(std::int64_t n, const float* by, float* x) {
  for_lanes(n, [&](auto d, std::int64_t i, auto part)
                   HWY_ATTR { part.store(d, hn::Mul(part.load(d, by + i), part.load(d, x + i)), x + i); });
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gpt::kernels {

HWY_EXPORT(FromBfloat16);
HWY_EXPORT(FromInt8);
HWY_EXPORT(ToInt8);
HWY_EXPORT(Multiply);

void from_bfloat16(std::int64_t n, const std::uint16_t* in, float* out) {
  HWY_DYNAMIC_DISPATCH(FromBfloat16)(n, in, out);
}
float to_int8(std::int64_t n, const float* in, std::int8_t* out) { return HWY_DYNAMIC_DISPATCH(ToInt8)(n, in, out); }
void from_int8(std::int64_t n, const std::int8_t* in, float* out) { HWY_DYNAMIC_DISPATCH(FromInt8)(n, in, out); }
void multiply(std::int64_t n, const float* by, float* x) { HWY_DYNAMIC_DISPATCH(Multiply)(n, by, x); }

}  // namespace gpt::kernels
#endif
