// Rotary angles, plain and as Llama 3 stretches them.
#include "gpt/ops/rope.h"

#include <cmath>

#include "support/catch.h"

using namespace gpt;

TEST_CASE("rope: angles of the paper") {
  const RopeTable rope = make_rope(50, 8, 10000.0);
  CHECK(rope.half() == 4);
  for (std::int64_t p = 0; p < 50; ++p)
    for (std::int64_t i = 0; i < 4; ++i) {
      const double angle = static_cast<double>(p) * std::pow(10000.0, -static_cast<double>(i) / 4);
      CHECK(rope.cosine.row(p)[i] == Approx(std::cos(angle)).margin(5e-6));
      CHECK(rope.sine.row(p)[i] == Approx(std::sin(angle)).margin(5e-6));
    }
}

TEST_CASE("rope: Llama 3 keeps short wavelengths, stretches long ones, and goes over between them") {
  const RopeScaling scaling{8, 1, 4, 8192};
  int kept = 0, stretched = 0, between = 0;
  for (std::int64_t pair = 0; pair < 32; ++pair) {
    const double plain = std::pow(500000.0, -static_cast<double>(pair) / 32), wavelength = 2 * M_PI / plain;
    double expected = plain;
    if (wavelength > 8192) {
      expected = plain / 8;
      ++stretched;
    } else if (wavelength > 8192.0 / 4) {
      const double slope = (8192 / wavelength - 1) / 3;
      expected = (1 - slope) * plain / 8 + slope * plain;
      ++between;
    } else {
      ++kept;
    }
    CHECK(rope_frequency(pair, 64, 500000.0, scaling) == Approx(expected).epsilon(2e-6));
    CHECK(rope_frequency(pair, 64, 500000.0, std::nullopt) == Approx(plain).epsilon(2e-6));
  }
  CHECK(kept > 10);
  CHECK(between > 2);
  CHECK(stretched > 10);
  const RopeTable table = make_rope(40, 64, 500000.0, scaling);
  CHECK(table.half() == 32);
  CHECK(table.sine.row(39)[31] == std::sin(39 * rope_frequency(31, 64, 500000.0, scaling)));
}
