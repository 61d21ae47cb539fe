#include "kernels/small_gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/small_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Rows of c held in registers at once: 32 vector registers with AVX-512, 16 without.
constexpr std::int64_t kRows = HWY_TARGET <= HWY_AVX3 ? 12 : 6;

/// kR rows times two vectors of columns; `low` and `high` load and store the vectors (whole or part).
template <std::int64_t kR, class Low, class High>
HWY_INLINE void Block(Low low, High high, std::int64_t k, float alpha, const float* a, std::int64_t a_row,
                      std::int64_t a_column, const float* b, std::int64_t b_row, float beta, float* c,
                      std::int64_t c_row) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  V left[kR], right[kR];
  for (std::int64_t r = 0; r < kR; ++r) left[r] = right[r] = hn::Zero(d);
  for (std::int64_t p = 0; p < k; ++p) {
    const V b0 = low.load(d, b), b1 = high.load(d, b + lanes);
    for (std::int64_t r = 0; r < kR; ++r) {
      const V value = hn::Set(d, a[r * a_row]);
      left[r] = hn::MulAdd(value, b0, left[r]);
      right[r] = hn::MulAdd(value, b1, right[r]);
    }
    a += a_column;
    b += b_row;
  }
  const V factor = hn::Set(d, alpha), old = hn::Set(d, beta);
  for (std::int64_t r = 0; r < kR; ++r, c += c_row) {
    V x = hn::Mul(factor, left[r]), y = hn::Mul(factor, right[r]);
    if (beta != 0.0F) {
      x = hn::MulAdd(old, low.load(d, c), x);
      y = hn::MulAdd(old, high.load(d, c + lanes), y);
    }
    low.store(d, x, c);
    high.store(d, y, c + lanes);
  }
}

/// A vector that is not there: nothing is read or written past the last column.
struct Absent {
  template <class Tag>
  HWY_INLINE V load(Tag d, const float*) const {
    return hn::Zero(d);
  }
  template <class Tag>
  HWY_INLINE void store(Tag, V, float*) const {}
};

/// All rows for one pair of column vectors.
template <class Low, class High>
void Panel(Low low, High high, std::int64_t m, std::int64_t k, float alpha, Strided a, const float* b,
           std::int64_t b_row, float beta, float* c, std::int64_t c_row) {
  std::int64_t i = 0;
  for (; i + kRows <= m; i += kRows)
    Block<kRows>(low, high, k, alpha, a.data + i * a.row, a.row, a.column, b, b_row, beta, c + i * c_row, c_row);
  for (; i + 3 <= m; i += 3)
    Block<3>(low, high, k, alpha, a.data + i * a.row, a.row, a.column, b, b_row, beta, c + i * c_row, c_row);
  for (; i < m; ++i)
    Block<1>(low, high, k, alpha, a.data + i * a.row, a.row, a.column, b, b_row, beta, c + i * c_row, c_row);
}

void SmallGemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, Strided a, const float* b,
               std::int64_t b_row, float beta, float* c, std::int64_t c_row) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  std::int64_t j = 0;
  for (; j + 2 * lanes <= n; j += 2 * lanes) Panel(Whole{}, Whole{}, m, k, alpha, a, b + j, b_row, beta, c + j, c_row);
  const std::int64_t rest = n - j;
  if (rest > lanes) {
    Panel(Whole{}, Part{static_cast<std::size_t>(rest - lanes)}, m, k, alpha, a, b + j, b_row, beta, c + j, c_row);
  } else if (rest == lanes) {
    Panel(Whole{}, Absent{}, m, k, alpha, a, b + j, b_row, beta, c + j, c_row);
  } else if (rest > 0) {
    Panel(Part{static_cast<std::size_t>(rest)}, Absent{}, m, k, alpha, a, b + j, b_row, beta, c + j, c_row);
  }
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gpt::kernels {

HWY_EXPORT(SmallGemm);

void small_gemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, Strided a, const float* b,
                std::int64_t b_row, float beta, float* c, std::int64_t c_row) {
  HWY_DYNAMIC_DISPATCH(SmallGemm)(m, n, k, alpha, a, b, b_row, beta, c, c_row);
}

void transpose(std::int64_t rows, std::int64_t columns, const float* in, std::int64_t in_row, float* out,
               std::int64_t out_row) {
  constexpr std::int64_t kTile = 16;  // a tile of both sides stays in the first-level cache
  for (std::int64_t i0 = 0; i0 < rows; i0 += kTile)
    for (std::int64_t j0 = 0; j0 < columns; j0 += kTile)
      for (std::int64_t j = j0; j < j0 + kTile && j < columns; ++j)
        for (std::int64_t i = i0; i < i0 + kTile && i < rows; ++i) out[j * out_row + i] = in[i * in_row + j];
}

}  // namespace gpt::kernels
#endif
