// Rounding to bfloat16.
#include "kernels/bfloat16.h"

#include <bit>
#include <limits>

#include "kernels/targets.h"

using namespace gpt;
using namespace gpt::test;

namespace {

float widened(std::uint16_t half) { return std::bit_cast<float>(std::uint32_t{half} << 16); }

/// The nearest of the two neighbours, the even one where both are as near.
std::uint16_t plain(float value) {
  const auto below = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
  if (widened(below) == value) return below;
  const auto above = static_cast<std::uint16_t>(below + 1);
  const double down = std::abs(static_cast<double>(value) - static_cast<double>(widened(below))),
               up = std::abs(static_cast<double>(widened(above)) - static_cast<double>(value));
  if (down != up) return down < up ? below : above;
  return below % 2 == 0 ? below : above;
}

std::vector<std::uint16_t> rounded(const std::vector<float>& values) {
  std::vector<std::uint16_t> out(values.size() + 1, 0xABCD);
  kernels::to_bfloat16(static_cast<std::int64_t>(values.size()), values.data(), out.data());
  CHECK(out.back() == 0xABCD);
  out.pop_back();
  return out;
}

}  // namespace

TEST_CASE("kernels: bfloat16 is the nearest there is") {
  for (const std::int64_t n : sizes()) {
    INFO("n = " << n);
    std::vector<float> values = numbers(n, 1, 100.0F);
    for (std::size_t i = 0; i < values.size(); i += 3)  // half way between two, or next to it
      values[i] = std::bit_cast<float>((std::bit_cast<std::uint32_t>(values[i]) & 0xFFFF'0000U) + 0x7FFFU +
                                       static_cast<std::uint32_t>(i % 4));
    std::vector<std::uint16_t> expected;
    for (const float value : values) expected.push_back(plain(value));
    on_every_target([&] { CHECK(rounded(values) == expected); });
  }
}

TEST_CASE("kernels: bfloat16 of numbers that are none") {
  using Limits = std::numeric_limits<float>;
  const std::vector<float> values = {0.0F,
                                     -0.0F,
                                     Limits::infinity(),
                                     -Limits::infinity(),
                                     Limits::max(),
                                     Limits::denorm_min(),
                                     Limits::quiet_NaN(),
                                     std::bit_cast<float>(0x7F80'0001U),
                                     std::bit_cast<float>(0xFFFF'FFFFU)};
  on_every_target([&] {
    const std::vector<std::uint16_t> out = rounded(values);
    CHECK(std::vector<std::uint16_t>(out.begin(), out.begin() + 6) ==
          std::vector<std::uint16_t>{0, 0x8000, 0x7F80, 0xFF80, 0x7F80, 0});
    for (std::size_t i = 6; i < values.size(); ++i) CHECK(std::isnan(widened(out[i])));
  });
}
