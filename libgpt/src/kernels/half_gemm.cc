#include "kernels/half_gemm.h"

#include <algorithm>

#include "kernels/fetch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/half_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using Bits = hn::RebindToUnsigned<D>;
using Halves = hn::Rebind<std::uint16_t, D>;

/// The next values in float32.
HWY_INLINE hn::Vec<D> Widened(const std::uint16_t* from) {
  return hn::BitCast(D(), hn::ShiftLeft<16>(hn::PromoteTo(Bits(), hn::LoadU(Halves(), from))));
}

HWY_INLINE hn::Vec<D> WidenedPart(const std::uint16_t* from, std::int64_t count) {
  HWY_ALIGN std::uint16_t part[hn::MaxLanes(D())] = {};
  std::copy_n(from, count, part);
  return Widened(part);
}

/// kR rows of a with one row of b. Two sums a row: an addition waits for the one before.
template <std::int64_t kR>
HWY_INLINE void Dots(std::int64_t k, const std::uint16_t* a, std::int64_t a_row, const std::uint16_t* b, bool add,
                     float* c, std::int64_t c_row) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  hn::Vec<D> sums[kR], more[kR];
  for (std::int64_t r = 0; r < kR; ++r) sums[r] = more[r] = hn::Zero(d);
  std::int64_t p = 0;
  for (; p + 2 * lanes <= k; p += 2 * lanes) {
    fetch_ahead(b + p, 2 * lanes * static_cast<std::int64_t>(sizeof(*b)));
    const auto low = Widened(b + p), high = Widened(b + p + lanes);
    for (std::int64_t r = 0; r < kR; ++r) {
      sums[r] = hn::MulAdd(low, Widened(a + r * a_row + p), sums[r]);
      more[r] = hn::MulAdd(high, Widened(a + r * a_row + p + lanes), more[r]);
    }
  }
  for (; p < k; p += lanes) {
    const std::int64_t count = std::min(lanes, k - p);
    const auto weights = WidenedPart(b + p, count);
    for (std::int64_t r = 0; r < kR; ++r) sums[r] = hn::MulAdd(weights, WidenedPart(a + r * a_row + p, count), sums[r]);
  }
  for (std::int64_t r = 0; r < kR; ++r) {
    const float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sums[r], more[r])));
    c[r * c_row] = add ? c[r * c_row] + sum : sum;
  }
}

template <std::int64_t kR>
void Rows(std::int64_t n, std::int64_t k, const std::uint16_t* a, std::int64_t a_row, const std::uint16_t* b,
          std::int64_t b_row, bool add, float* c, std::int64_t c_row) {
  for (std::int64_t j = 0; j < n; ++j) Dots<kR>(k, a, a_row, b + j * b_row, add, c + j, c_row);
}

void HalfGemm(std::int64_t m, std::int64_t n, std::int64_t k, const std::uint16_t* a, std::int64_t a_row,
              const std::uint16_t* b, std::int64_t b_row, bool add, float* c, std::int64_t c_row) {
  constexpr decltype(&Rows<1>) of[] = {Rows<1>, Rows<2>, Rows<3>, Rows<4>};
  for (std::int64_t row = 0; row < m; row += 4)
    of[std::min<std::int64_t>(m - row, 4) - 1](n, k, a + row * a_row, a_row, b, b_row, add, c + row * c_row, c_row);
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gpt::kernels {

HWY_EXPORT(HalfGemm);

void half_gemm(std::int64_t m, std::int64_t n, std::int64_t k, const std::uint16_t* a, std::int64_t a_row,
               const std::uint16_t* b, std::int64_t b_row, bool add, float* c, std::int64_t c_row) {
  HWY_DYNAMIC_DISPATCH(HalfGemm)(m, n, k, a, a_row, b, b_row, add, c, c_row);
}

}  // namespace gpt::kernels
#endif
