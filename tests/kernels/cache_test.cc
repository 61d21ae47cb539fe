// Keys and values in fewer bits.
#include "kernels/cache.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/bfloat16.h"
#include "kernels/targets.h"

using namespace gpt;
using namespace gpt::test;

TEST_CASE("kernels: bfloat16 is widened exactly") {
  for (const std::int64_t n : sizes()) {
    const std::vector<float> values = numbers(n, 1, 100.0F);
    std::vector<std::uint16_t> halves(values.size());
    kernels::to_bfloat16(n, values.data(), halves.data());
    on_every_target([&] {
      Guarded out(n, 1.0F);
      kernels::from_bfloat16(n, halves.data(), out.data());
      for (std::size_t i = 0; i < halves.size(); ++i)
        CHECK(out.values()[i] == std::bit_cast<float>(std::uint32_t{halves[i]} << 16));
      CHECK(out.intact());
    });
  }
}

TEST_CASE("kernels: int8 is the nearest there is, and comes back") {
  for (const std::int64_t n : sizes()) {
    INFO("n = " << n);
    const std::vector<float> values = numbers(n, 2, 3.0F);
    float most = 0;
    for (const float value : values) most = std::max(most, std::abs(value));
    on_every_target([&] {
      std::vector<std::int8_t> bytes(values.size() + 1, 99);
      const float scale = kernels::to_int8(n, values.data(), bytes.data());
      CHECK(bytes.back() == 99);
      CHECK(scale == most / 127.0F);
      Guarded out(n, 1.0F);
      kernels::from_int8(n, bytes.data(), out.data());
      CHECK(out.intact());
      for (std::size_t i = 0; i < values.size(); ++i) {
        const float expected = std::nearbyint(values[i] * (127.0F / most));
        CHECK(out.values()[i] == expected);
        CHECK(std::abs(out.values()[i] * scale - values[i]) <= 0.501F * scale);
      }
    });
  }
}

TEST_CASE("kernels: int8 of nothing but zeros") {
  const std::vector<float> zeros(37, 0.0F);
  on_every_target([&] {
    std::vector<std::int8_t> bytes(37, 5);
    CHECK(kernels::to_int8(37, zeros.data(), bytes.data()) == 0.0F);
    CHECK(std::all_of(bytes.begin(), bytes.end(), [](std::int8_t b) { return b == 0; }));
  });
}

TEST_CASE("kernels: products of elements") {
  check_elementwise(
      [](std::int64_t n, const float* a, const float*, const float*, float* out) { kernels::multiply(n, a, out); },
      [](double a, double, double, double old) { return a * old; }, 1e-6);
}
