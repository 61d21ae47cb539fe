// Philox against the known answers of its authors, and what is built on it.
#include "gpt/core/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/catch.h"

using namespace gpt;

TEST_CASE("philox: known answers (Random123, kat_vectors, philox4x32-10)") {
  using Words = std::array<std::uint32_t, 4>;
  CHECK(philox(0, 0, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint64_t ones = ~std::uint64_t{0};
  CHECK(philox(ones, ones, ones) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  // counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0
  CHECK(philox(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random: a stream is the words of consecutive counters") {
  Random random(7, 3);
  for (std::uint64_t block = 0; block < 3; ++block)
    for (const std::uint32_t word : philox(7, 3, block)) CHECK(random.next() == word);
}

TEST_CASE("random: a copy goes on where the original was") {
  Random a(1);
  for (int i = 0; i < 6; ++i) a.next();
  Random b = a;
  for (int i = 0; i < 10; ++i) CHECK(a.next() == b.next());
}

TEST_CASE("random: streams and seeds differ") {
  CHECK(Random(1, 0).next() != Random(1, 1).next());
  CHECK(Random(1, 0).next() != Random(2, 0).next());
}

TEST_CASE("random: uniform numbers lie in [0, 1) with the right moments") {
  Random random(11);
  double sum = 0, squares = 0;
  constexpr int n = 100000;
  for (int i = 0; i < n; ++i) {
    const float u = random.uniform();
    REQUIRE(u >= 0.0F);
    REQUIRE(u < 1.0F);
    sum += static_cast<double>(u);
    squares += static_cast<double>(u) * static_cast<double>(u);
  }
  CHECK(sum / n == Approx(0.5).margin(0.005));
  CHECK(squares / n == Approx(1.0 / 3.0).margin(0.005));
}

TEST_CASE("random: normal numbers have mean 0, deviation 1 and the right tail") {
  Random random(12);
  double sum = 0, squares = 0;
  int far = 0;
  constexpr int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double x = static_cast<double>(random.normal());
    REQUIRE(std::isfinite(x));
    sum += x;
    squares += x * x;
    far += std::abs(x) > 1.959964 ? 1 : 0;
  }
  CHECK(sum / n == Approx(0.0).margin(0.015));
  CHECK(squares / n == Approx(1.0).margin(0.02));
  CHECK(far / static_cast<double>(n) == Approx(0.05).margin(0.003));
}

TEST_CASE("random: below is even, whatever the bound") {
  Random random(13);
  for (const std::uint32_t bound : {1U, 2U, 3U, 7U, 10U}) {
    std::vector<int> seen(bound);
    for (std::uint32_t i = 0; i < 10000 * bound; ++i) ++seen.at(random.below(bound));
    for (const int count : seen) CHECK(count == Approx(10000).margin(450));
  }
  // Bounds that do not divide 2^32: without rejection the lower half would come up twice as often.
  constexpr std::uint32_t large = 0xC0000000U;
  int low = 0;
  for (int i = 0; i < 30000; ++i) low += random.below(large) < large / 3 ? 1 : 0;
  CHECK(low == Approx(10000).margin(400));
}

TEST_CASE("permutation: every number once, by seed") {
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{1000}}) {
    std::vector<std::uint32_t> order = permutation(n, Random(5));
    CHECK(order == permutation(n, Random(5)));
    if (n > 100) CHECK(order != permutation(n, Random(6)));
    std::sort(order.begin(), order.end());
    std::vector<std::uint32_t> expected(n);
    std::iota(expected.begin(), expected.end(), 0U);
    CHECK(order == expected);
  }
}

TEST_CASE("permutation: all orders are equally likely") {
  std::array<int, 27> seen{};
  for (std::uint64_t seed = 0; seed < 6000; ++seed) {
    const auto order = permutation(3, Random(seed));
    ++seen[order[0] * 9 + order[1] * 3 + order[2]];
  }
  int orders = 0;
  for (const int count : seen) {
    orders += count > 0 ? 1 : 0;
    if (count > 0) CHECK(count == Approx(1000).margin(120));
  }
  CHECK(orders == 6);
}
