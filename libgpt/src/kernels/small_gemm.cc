#include "kernels/small_gemm.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/small_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using Half = hn::CappedTag<float, 8>;  // a whole vector of what rank-8 adapters have, where D is longer

/// A second vector of columns that is not there.
struct Absent {};

// Rows of c held in registers at once: 32 vector registers with AVX-512, 16 without. More rows of one vector are
// slower: each needs an address.
template <class High>
constexpr std::int64_t kRows = HWY_TARGET <= HWY_AVX3 || std::is_same_v<High, Absent> ? 12 : 6;

/// kR rows times one or two vectors of columns; `low` and `high` load and store the vectors (whole or part).
template <class Tag, std::int64_t kR, class Low, class High>
HWY_INLINE void Block(Tag d, Low low, High high, std::int64_t k, float alpha, const float* a, std::int64_t a_row,
                      std::int64_t a_column, const float* b, std::int64_t b_row, float beta, float* c,
                      std::int64_t c_row) {
  using V = hn::Vec<Tag>;
  constexpr bool kTwo = !std::is_same_v<High, Absent>;
  const std::size_t lanes = hn::Lanes(d);
  V left[kR], right[kTwo ? kR : 1];
  for (std::int64_t r = 0; r < kR; ++r) left[r] = hn::Zero(d);
  for (std::int64_t r = 0; kTwo && r < kR; ++r) right[r] = hn::Zero(d);
  for (std::int64_t p = 0; p < k; ++p) {
    const V b0 = low.load(d, b);
    V b1 = b0;
    if constexpr (kTwo) b1 = high.load(d, b + lanes);
    for (std::int64_t r = 0; r < kR; ++r) {
      const V value = hn::Set(d, a[r * a_row]);
      left[r] = hn::MulAdd(value, b0, left[r]);
      if constexpr (kTwo) right[r] = hn::MulAdd(value, b1, right[r]);
    }
    a += a_column;
    b += b_row;
  }
  const V factor = hn::Set(d, alpha), old = hn::Set(d, beta);
  const auto finish = [&](auto part, V sum, float* to) {
    V x = hn::Mul(factor, sum);
    if (beta != 0.0F) x = hn::MulAdd(old, part.load(d, to), x);
    part.store(d, x, to);
  };
  for (std::int64_t r = 0; r < kR; ++r, c += c_row) {
    finish(low, left[r], c);
    if constexpr (kTwo) finish(high, right[r], c + lanes);
  }
}

/// All rows for one or two vectors of columns.
template <class Tag, class Low, class High>
void Panel(Tag d, Low low, High high, std::int64_t m, std::int64_t k, float alpha, Strided a, const float* b,
           std::int64_t b_row, float beta, float* c, std::int64_t c_row) {
  std::int64_t i = 0;
  const auto rows = [&](auto count) {
    constexpr std::int64_t kR = decltype(count)::value;
    for (; i + kR <= m; i += kR)
      Block<Tag, kR>(d, low, high, k, alpha, a.data + i * a.row, a.row, a.column, b, b_row, beta, c + i * c_row, c_row);
  };
  rows(std::integral_constant<std::int64_t, kRows<High>>());
  rows(std::integral_constant<std::int64_t, kRows<High> / 2>());
  rows(std::integral_constant<std::int64_t, 3>());
  rows(std::integral_constant<std::int64_t, 1>());
}

void SmallGemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, Strided a, const float* b,
               std::int64_t b_row, float beta, float* c, std::int64_t c_row) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t j = 0;
  const auto panel = [&](auto tag, auto low, auto high) {
    Panel(tag, low, high, m, k, alpha, a, b + j, b_row, beta, c + j, c_row);
  };
  for (; j + 2 * lanes <= n; j += 2 * lanes) panel(d, Whole{}, Whole{});
  const std::int64_t rest = n - j;
  if (rest > lanes) {
    panel(d, Whole{}, Part{static_cast<std::size_t>(rest - lanes)});
  } else if (rest == lanes) {
    panel(d, Whole{}, Absent{});
  } else if (rest == static_cast<std::int64_t>(hn::Lanes(Half()))) {
    panel(Half(), Whole{}, Absent{});
  } else if (rest > 0) {
    panel(d, Part{static_cast<std::size_t>(rest)}, Absent{});
  }
}

/// Four rows by four columns at a time in registers.
void Transpose(std::int64_t rows, std::int64_t columns, const float* in, std::int64_t in_row, float* out,
               std::int64_t out_row) {
  std::int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::Full128<float> d;
  for (; i + 4 <= rows; i += 4, in += 4 * in_row) {
    std::int64_t j = 0;
    for (; j + 4 <= columns; j += 4) {
      const auto r0 = hn::LoadU(d, in + j), r1 = hn::LoadU(d, in + in_row + j), r2 = hn::LoadU(d, in + 2 * in_row + j),
                 r3 = hn::LoadU(d, in + 3 * in_row + j);
      const auto even_low = hn::InterleaveLower(d, r0, r2), odd_low = hn::InterleaveLower(d, r1, r3),
                 even_high = hn::InterleaveUpper(d, r0, r2), odd_high = hn::InterleaveUpper(d, r1, r3);
      float* const to = out + j * out_row + i;
      hn::StoreU(hn::InterleaveLower(d, even_low, odd_low), d, to);
      hn::StoreU(hn::InterleaveUpper(d, even_low, odd_low), d, to + out_row);
      hn::StoreU(hn::InterleaveLower(d, even_high, odd_high), d, to + 2 * out_row);
      hn::StoreU(hn::InterleaveUpper(d, even_high, odd_high), d, to + 3 * out_row);
    }
    for (; j < columns; ++j)
      for (std::int64_t r = 0; r < 4; ++r) out[j * out_row + i + r] = in[r * in_row + j];
  }
#endif
  for (; i < rows; ++i, in += in_row)
    for (std::int64_t j = 0; j < columns; ++j) out[j * out_row + i] = in[j];
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gpt::kernels {

HWY_EXPORT(SmallGemm);
HWY_EXPORT(Transpose);

void small_gemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, Strided a, const float* b,
                std::int64_t b_row, float beta, float* c, std::int64_t c_row) {
  HWY_DYNAMIC_DISPATCH(SmallGemm)(m, n, k, alpha, a, b, b_row, beta, c, c_row);
}

void transpose(std::int64_t rows, std::int64_t columns, const float* in, std::int64_t in_row, float* out,
               std::int64_t out_row) {
  HWY_DYNAMIC_DISPATCH(Transpose)(rows, columns, in, in_row, out, out_row);
}

}  // namespace gpt::kernels
#endif
