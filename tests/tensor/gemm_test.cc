// Products in tiles against plain ones.
#include "gpt/tensor/gemm.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <vector>

#include "gpt/core/random.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"

using namespace gpt;

namespace {

struct Sizes {
  std::int64_t m, n, k;
};

/// One row, odd tails, both sides of the tiles' edges (512 rows; 96, 192 and 384 columns), and depths of several parts.
constexpr Sizes kSizes[] = {{1, 1, 1},      {1, 96, 64},   {3, 5, 7},      {17, 49, 33},   {64, 97, 130}, {511, 40, 16},
                            {513, 193, 40}, {769, 300, 8}, {769, 1600, 4}, {40, 1700, 12}, {9, 5, 13000}};

std::vector<float> numbers(std::int64_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& v : values) v = random.normal();
  return values;
}

/// A matrix of these sizes as it lies in memory, 3 floats of nothing behind each row.
struct Stored {
  Stored(std::int64_t rows, std::int64_t columns, bool transposed, std::uint64_t seed)
      : stride((transposed ? rows : columns) + 3),
        transposed(transposed),
        values(numbers((transposed ? columns : rows) * stride, seed)) {}
  Matrix matrix() const { return {values.data(), stride, transposed}; }
  double at(std::int64_t i, std::int64_t j) const {
    return static_cast<double>(values[static_cast<std::size_t>(transposed ? j * stride + i : i * stride + j)]);
  }
  std::int64_t stride;
  bool transposed;
  std::vector<float> values;
};

/// The largest error of a product, gaps between c's rows included; relative to sqrt(k).
double error(const Sizes& s, bool ta, bool tb, float alpha, float beta) {
  const Stored a(s.m, s.k, ta, 1), b(s.k, s.n, tb, 2);
  const std::int64_t stride = s.n + 3;
  std::vector<float> c = numbers(s.m * stride, 3);
  std::vector<double> expected(c.begin(), c.end());
  for (std::int64_t i = 0; i < s.m; ++i)
    for (std::int64_t j = 0; j < s.n; ++j) {
      double sum = 0;
      for (std::int64_t p = 0; p < s.k; ++p) sum += a.at(i, p) * b.at(p, j);
      const auto at = static_cast<std::size_t>(i * stride + j);
      expected[at] = static_cast<double>(alpha) * sum + static_cast<double>(beta) * expected[at];
      if (beta == 0.0F) c[at] = std::numeric_limits<float>::quiet_NaN();  // must not be read
    }
  gemm(s.m, s.n, s.k, alpha, a.matrix(), b.matrix(), beta, c.data(), stride);
  double largest = 0;
  for (std::size_t i = 0; i < c.size(); ++i) {
    const double d = std::abs(static_cast<double>(c[i]) - expected[i]);
    if (!(d <= largest)) largest = d;
  }
  return largest / std::sqrt(static_cast<double>(s.k));
}

}  // namespace

TEST_CASE("gemm: every transposition and every edge of a tile") {
  Threads threads(2);
  for (const Sizes& s : kSizes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true})
        for (const float beta : {0.0F, 1.0F}) {
          INFO(s.m << " x " << s.n << " x " << s.k << ", transposed " << ta << tb << ", beta " << beta);
          double found = 1;
          threads.run([&] { found = error(s, ta, tb, 1.0F, beta); });
          CHECK(found <= 2e-6);
        }
}

TEST_CASE("gemm: factors, and no threads around it") {
  CHECK(error({17, 49, 33}, false, true, -0.5F, 2.0F) <= 3e-6);
  CHECK(error({17, 49, 33}, true, false, 3.0F, 0.0F) <= 6e-6);
}

TEST_CASE("gemm: nothing to do") {
  float c = 5;
  gemm(0, 3, 3, 1.0F, {nullptr, 3}, {nullptr, 3}, 0.0F, nullptr, 3);
  gemm(1, 0, 3, 1.0F, {&c, 3}, {nullptr, 1}, 0.0F, &c, 1);
  CHECK(c == 5.0F);
}

TEST_CASE("gemm: finished tiles cover the result once, each after its product") {
  Threads threads(2);
  for (const Sizes& s : kSizes) {
    INFO(s.m << " x " << s.n);
    const std::vector<float> a(static_cast<std::size_t>(s.m * s.k), 1.0F), b(static_cast<std::size_t>(s.k * s.n), 1.0F);
    std::vector<float> c(static_cast<std::size_t>(s.m * s.n), -1.0F);
    std::vector<int> visits(c.size());
    std::mutex mutex;
    threads.run([&] {
      gemm(s.m, s.n, s.k, 1.0F, {a.data(), s.k}, {b.data(), s.n}, 0.0F, c.data(), s.n, [&](const Tile& tile) {
        const std::lock_guard lock(mutex);
        for (std::int64_t i = tile.row; i < tile.row + tile.rows; ++i)
          for (std::int64_t j = tile.column; j < tile.column + tile.columns; ++j) {
            const auto at = static_cast<std::size_t>(i * s.n + j);
            visits.at(at) += c[at] == static_cast<float>(s.k) ? 1 : 1000;
          }
      });
    });
    CHECK(std::all_of(visits.begin(), visits.end(), [](int count) { return count == 1; }));
  }
}

TEST_CASE("gemm: the same bits for any number of threads") {
  const Stored a(600, 300, false, 1), b(300, 500, true, 2);
  std::vector<float> first;
  for (const int count : {1, 2, 7}) {
    Threads threads(count);
    std::vector<float> c(600 * 500);
    threads.run([&] { gemm(600, 500, 300, 1.0F, a.matrix(), b.matrix(), 0.0F, c.data(), 500); });
    if (first.empty()) first = c;
    CHECK(c == first);
  }
}

namespace {

/// A matrix of small whole numbers, which bfloat16 holds exactly; rows padded where it is not transposed.
struct StoredHalf {
  StoredHalf(std::int64_t rows, std::int64_t columns, bool transposed, std::uint64_t seed)
      : stride((transposed ? rows : columns) + 3), transposed(transposed) {
    Random random(seed);
    values.resize(static_cast<std::size_t>((transposed ? columns : half_padded(rows)) * stride));
    for (std::uint16_t& v : values) v = whole(static_cast<int>(random.below(9)) - 4);
  }
  static std::uint16_t whole(int value) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16);
  }
  HalfMatrix matrix() const { return {values.data(), stride, transposed}; }
  float at(std::int64_t i, std::int64_t j) const {
    const auto index = static_cast<std::size_t>(transposed ? j * stride + i : i * stride + j);
    return std::bit_cast<float>(std::uint32_t{values[index]} << 16);
  }
  std::int64_t stride;
  bool transposed;
  std::vector<std::uint16_t> values;
};

/// Whether a product of whole numbers is exact and nothing between and behind c's rows was touched.
bool exact(const Sizes& s, bool ta, bool tb, float beta) {
  const StoredHalf a(s.m, s.k, ta, 1), b(s.k, s.n, tb, 2);
  const std::int64_t stride = s.n + 3;
  std::vector<float> c(static_cast<std::size_t>(s.m * stride), 5.0F), expected = c;
  for (std::int64_t i = 0; i < s.m; ++i)
    for (std::int64_t j = 0; j < s.n; ++j) {
      float sum = beta * 5.0F;
      for (std::int64_t p = 0; p < s.k; ++p) sum += a.at(i, p) * b.at(p, j);
      expected[static_cast<std::size_t>(i * stride + j)] = sum;
    }
  std::int64_t finished = 0;
  std::mutex mutex;
  gemm(s.m, s.n, s.k, a.matrix(), b.matrix(), beta, c.data(), stride, [&](const Tile& tile) {
    const std::lock_guard lock(mutex);
    finished += tile.rows * tile.columns;
  });
  return c == expected && finished == s.m * s.n;
}

}  // namespace

TEST_CASE("gemm in bfloat16: every transposition and every edge of a tile") {
  if (!hardware_bf16()) return;  // never called there
  Threads threads(2);
  for (const Sizes& s : kSizes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true})
        for (const float beta : {0.0F, 1.0F}) {
          INFO(s.m << " x " << s.n << " x " << s.k << ", transposed " << ta << tb << ", beta " << beta);
          bool right = false;
          threads.run([&] { right = exact(s, ta, tb, beta); });
          CHECK(right);
        }
}

TEST_CASE("gemm in bfloat16: the same bits for any number of threads") {
  if (!hardware_bf16()) return;
  const StoredHalf a(600, 300, false, 1), b(300, 500, true, 2);
  std::vector<float> first;
  for (const int count : {1, 2, 7}) {
    Threads threads(count);
    std::vector<float> c(600 * 500);
    threads.run([&] { gemm(600, 500, 300, a.matrix(), b.matrix(), 0.0F, c.data(), 500); });
    if (first.empty()) first = c;
    CHECK(c == first);
  }
}
