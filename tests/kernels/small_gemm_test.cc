// Small products and transposes.
#include "kernels/small_gemm.h"

#include <limits>

#include "kernels/targets.h"

using namespace gpt;
using namespace gpt::test;

namespace {

struct Case {
  std::int64_t m, n, k;
  bool transposed;  // a is stored [k, m]
  float alpha, beta;
};

/// c and its old contents have `gap` floats between rows that must stay as they are.
void check(const Case& t) {
  INFO("m " << t.m << ", n " << t.n << ", k " << t.k << ", a transposed " << t.transposed << ", alpha " << t.alpha
            << ", beta " << t.beta);
  constexpr std::int64_t gap = 5;
  const std::int64_t b_row = t.n + 3, c_row = t.n + gap;
  // One value more than read: with k = 0 there is still an address to start from.
  const std::vector<float> a = numbers(t.m * t.k + 1, 1), b = numbers(t.k * b_row + 1, 2);
  std::vector<float> old = numbers(t.m * c_row, 3);
  std::vector<double> expected(old.begin(), old.end());
  for (std::int64_t i = 0; i < t.m; ++i)
    for (std::int64_t j = 0; j < t.n; ++j) {
      double sum = 0;
      for (std::int64_t p = 0; p < t.k; ++p)
        sum += static_cast<double>(a[static_cast<std::size_t>(t.transposed ? p * t.m + i : i * t.k + p)]) *
               static_cast<double>(b[static_cast<std::size_t>(p * b_row + j)]);
      const auto at = static_cast<std::size_t>(i * c_row + j);
      expected[at] = static_cast<double>(t.alpha) * sum + static_cast<double>(t.beta) * expected[at];
      if (t.beta == 0.0F) old[at] = std::numeric_limits<float>::quiet_NaN();  // must not be read
    }
  const kernels::Strided left{a.data(), t.transposed ? 1 : t.k, t.transposed ? t.m : 1};
  on_every_target([&] {
    Guarded c(old);
    kernels::small_gemm(t.m, t.n, t.k, t.alpha, left, b.data(), b_row, t.beta, c.data(), c_row);
    CHECK(difference(c.values(), expected) <= 3e-6 * std::sqrt(static_cast<double>(t.k)));
    CHECK(c.intact());
  });
}

}  // namespace

TEST_CASE("kernels: small products of every tail") {
  for (std::int64_t n = 1; n <= 40; ++n)
    for (const std::int64_t m : {1, 5, 13}) check({m, n, 7, n % 2 == 0, 1.0F, 0.0F});
  for (std::int64_t m = 1; m <= 40; ++m) check({m, 33, 5, m % 2 == 1, 0.5F, 1.0F});
}

TEST_CASE("kernels: small products of model sizes") {
  for (const bool transposed : {false, true})
    for (const float beta : {0.0F, 1.0F, -0.5F}) {
      check({64, 130, 64, transposed, 0.125F, beta});
      check({65, 64, 130, transposed, 1.0F, beta});
      check({8, 576, 767, transposed, 2.0F, beta});
      check({1, 1, 1, transposed, -1.0F, beta});
    }
}

TEST_CASE("kernels: a product over nothing is zero, or the old values") {
  check({3, 9, 0, false, 1.0F, 0.0F});
  check({3, 9, 0, false, 1.0F, 1.0F});
}

TEST_CASE("kernels: transposes") {
  for (const std::int64_t rows : {1, 2, 15, 16, 17, 40})
    for (const std::int64_t columns : {1, 3, 16, 31, 64}) {
      const std::int64_t in_row = columns + 2, out_row = rows + 1;
      const std::vector<float> in = numbers(rows * in_row, 1);
      Guarded out(columns * out_row, -7.0F);
      kernels::transpose(rows, columns, in.data(), in_row, out.data(), out_row);
      bool equal = true;
      for (std::int64_t j = 0; j < columns; ++j)
        for (std::int64_t i = 0; i < out_row; ++i)
          equal =
              equal && out.data()[j * out_row + i] == (i < rows ? in[static_cast<std::size_t>(i * in_row + j)] : -7.0F);
      INFO(rows << " x " << columns);
      CHECK(equal);
      CHECK(out.intact());
    }
}
