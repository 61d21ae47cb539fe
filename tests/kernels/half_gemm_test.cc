// Products of a few rows in bfloat16.
#include "kernels/half_gemm.h"

#include <cstring>
#include <limits>

#include "kernels/bfloat16.h"
#include "kernels/targets.h"

using namespace gpt;
using namespace gpt::test;

namespace {

/// Numbers in bfloat16, and what they are.
struct Halves {
  std::vector<std::uint16_t> bits;
  std::vector<double> values;

  Halves(std::int64_t count, std::uint64_t seed) : bits(static_cast<std::size_t>(count)) {
    const std::vector<float> exact = numbers(count, seed);
    kernels::to_bfloat16(count, exact.data(), bits.data());
    for (const std::uint16_t half : bits) {
      const std::uint32_t whole = std::uint32_t{half} << 16U;
      float value = 0;
      std::memcpy(&value, &whole, sizeof(value));
      values.push_back(static_cast<double>(value));
    }
  }
};

/// Rows are apart by a little more than they are long; what lies between must not be read or written.
void check(std::int64_t m, std::int64_t n, std::int64_t k, bool add) {
  INFO("m " << m << ", n " << n << ", k " << k << ", add " << add);
  const std::int64_t a_row = k + 3, b_row = k + 1, c_row = n + 5;
  const Halves a(m * a_row, 1), b(n * b_row, 2);
  std::vector<float> old = numbers(m * c_row, 3);
  std::vector<double> expected(old.begin(), old.end());
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      const auto at = static_cast<std::size_t>(i * c_row + j);
      double sum = add ? expected[at] : 0;
      for (std::int64_t p = 0; p < k; ++p)
        sum += a.values[static_cast<std::size_t>(i * a_row + p)] * b.values[static_cast<std::size_t>(j * b_row + p)];
      expected[at] = sum;
      if (!add) old[at] = std::numeric_limits<float>::quiet_NaN();  // must not be read
    }
  on_every_target([&] {
    Guarded c(old);
    kernels::half_gemm(m, n, k, a.bits.data(), a_row, b.bits.data(), b_row, add, c.data(), c_row);
    CHECK(difference(c.values(), expected) <= 3e-6 * std::sqrt(static_cast<double>(k)));
    CHECK(c.intact());
  });
}

}  // namespace

TEST_CASE("kernels: bfloat16 products of few rows, of every tail") {
  for (std::int64_t k = 1; k <= 70; ++k) check(1 + k % 8, 3, k, k % 2 == 0);
  for (std::int64_t m = 1; m <= 9; ++m) check(m, 5, 64, m % 2 == 1);
}

TEST_CASE("kernels: bfloat16 products of few rows, of model sizes") {
  check(1, 192, 576, false);
  check(8, 48, 1536, true);
}
