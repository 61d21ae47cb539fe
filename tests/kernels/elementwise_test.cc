// Vector arithmetic, GELU, gated SiLU and rotations.
#include "kernels/elementwise.h"

#include <limits>

#include "kernels/targets.h"

using namespace gpt;
using namespace gpt::test;

namespace {

constexpr double kRounding = 2e-7;

double gelu(double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }
double gelu_erf(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double slope(double (*f)(double), double x) { return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5; }

}  // namespace

TEST_CASE("kernels: add, add_scaled, scale") {
  check_elementwise([](auto n, auto a, auto b, auto, auto out) { kernels::add(n, a, b, out); },
                    [](double a, double b, double, double) { return a + b; }, kRounding);
  check_elementwise([](auto n, auto a, auto, auto, auto out) { kernels::add(n, out, a, out); },
                    [](double a, double, double, double old) { return a + old; }, kRounding);
  check_elementwise([](auto n, auto a, auto, auto, auto out) { kernels::add_scaled(n, -0.75F, a, out); },
                    [](double a, double, double, double old) { return old - 0.75 * a; }, kRounding);
  check_elementwise([](auto n, auto a, auto, auto, auto out) { kernels::scale(n, 3.5F, a, out); },
                    [](double a, double, double, double) { return 3.5 * a; }, kRounding);
  check_elementwise([](auto n, auto, auto, auto, auto out) { kernels::scale(n, -1.0F, out, out); },
                    [](double, double, double, double old) { return -old; }, 0);
}

TEST_CASE("kernels: gelu and its slope") {
  for (const float spread : {1.0F, 5.0F, 100.0F}) {
    check_elementwise([](auto n, auto a, auto, auto, auto out) { kernels::gelu(n, a, out); },
                      [](double a, double, double, double) { return gelu(a); }, 2e-6, spread);
    check_elementwise([](auto n, auto a, auto b, auto, auto out) { kernels::gelu_backward(n, a, b, out); },
                      [](double a, double b, double, double) { return b * slope(gelu, a); }, 5e-6, spread);
    check_elementwise([](auto n, auto a, auto, auto, auto out) { kernels::gelu_erf(n, a, out); },
                      [](double a, double, double, double) { return gelu_erf(a); }, 1e-6, spread);
    check_elementwise([](auto n, auto a, auto b, auto, auto out) { kernels::gelu_erf_backward(n, a, b, out); },
                      [](double a, double b, double, double) { return b * slope(gelu_erf, a); }, 2e-6, spread);
  }
}

TEST_CASE("kernels: gated silu and its slopes") {
  for (const float spread : {1.0F, 5.0F, 100.0F}) {
    check_elementwise([](auto n, auto a, auto b, auto, auto out) { kernels::silu_gate(n, a, b, out); },
                      [](double a, double b, double, double) { return a * sigmoid(a) * b; }, 2e-6, spread);
    check_elementwise(
        [](auto n, auto a, auto b, auto c, auto out) {
          std::vector<float> dup(static_cast<std::size_t>(n));
          kernels::silu_gate_backward(n, a, b, c, out, dup.data());
        },
        [](double a, double b, double c, double) { return c * b * (sigmoid(a) + a * sigmoid(a) * (1 - sigmoid(a))); },
        3e-6, spread);
    check_elementwise(
        [](auto n, auto a, auto b, auto c, auto out) {
          std::vector<float> dgate(static_cast<std::size_t>(n));
          kernels::silu_gate_backward(n, a, b, c, dgate.data(), out);
        },
        [](double a, double, double c, double) { return c * a * sigmoid(a); }, 2e-6, spread);
  }
}

TEST_CASE("kernels: activations stay finite where exponentials overflow") {
  const std::vector<float> x{-1e4F, -200.0F, -88.0F, 0.0F, 88.0F, 200.0F, 1e4F}, ones(x.size(), 1.0F);
  const auto n = static_cast<std::int64_t>(x.size());
  on_every_target([&] {
    std::vector<float> y(x.size()), gate(x.size()), other(x.size());
    kernels::gelu(n, x.data(), y.data());
    kernels::gelu_erf(n, x.data(), other.data());
    kernels::silu_gate(n, x.data(), ones.data(), gate.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK(other[i] == std::max(x[i], 0.0F));
      CHECK(y[i] == std::max(x[i], 0.0F));
      CHECK(gate[i] == Approx(static_cast<double>(std::max(x[i], 0.0F))).margin(1e-30));
    }
    kernels::gelu_backward(n, x.data(), ones.data(), y.data());
    kernels::silu_gate_backward(n, x.data(), ones.data(), ones.data(), gate.data(), other.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = x[i] > 0 ? 1.0 : x[i] == 0.0F ? 0.5 : 0.0;
      CHECK(y[i] == Approx(expected).margin(1e-30));
      CHECK(gate[i] == Approx(expected).margin(1e-30));
      CHECK(std::isfinite(other[i]));
    }
    kernels::gelu_erf_backward(n, x.data(), ones.data(), y.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = x[i] > 0 ? 1.0 : x[i] == 0.0F ? 0.5 : 0.0;
      CHECK(y[i] == Approx(expected).margin(1e-30));
    }
  });
}

TEST_CASE("kernels: activations of what is not a number are not numbers") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), one = 1.0F;
  on_every_target([&] {
    float y = 0, z = 0;
    kernels::gelu(1, &nan, &y);
    kernels::silu_gate(1, &nan, &one, &z);
    CHECK(std::isnan(y));
    CHECK(std::isnan(z));
  });
}

TEST_CASE("kernels: sum of squares") {
  std::vector<std::int64_t> lengths = sizes();
  lengths.insert(lengths.end(), {0, 4095, 4096, 4097, 20001});
  for (const std::int64_t n : lengths) {
    INFO("n = " << n);
    const std::vector<float> a = numbers(n, 5);
    double expected = 0;
    for (const float v : a) expected += static_cast<double>(v) * static_cast<double>(v);
    on_every_target([&] { CHECK(kernels::sum_of_squares(n, a.data()) == Approx(expected).epsilon(2e-6)); });
  }
}

TEST_CASE("kernels: a sum of squares shows one value that is not finite, wherever it stands") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const std::int64_t n : {std::int64_t{1}, std::int64_t{7}, std::int64_t{37}, std::int64_t{4100}})
    for (const std::int64_t at : {std::int64_t{0}, n / 2, n - 1}) {
      std::vector<float> a = numbers(n, 6);
      on_every_target([&] {
        a[static_cast<std::size_t>(at)] = nan;
        CHECK(std::isnan(kernels::sum_of_squares(n, a.data())));
        a[static_cast<std::size_t>(at)] = -infinity;
        CHECK(kernels::sum_of_squares(n, a.data()) == std::numeric_limits<double>::infinity());
      });
    }
}

TEST_CASE("kernels: rotations turn pairs and turn them back") {
  for (const std::int64_t half : sizes()) {
    INFO("half = " << half);
    const std::vector<float> x = numbers(2 * half, 7), angles = numbers(half, 8, 3.0F);
    std::vector<float> cosine, sine;
    std::vector<double> expected(x.size());
    for (std::size_t i = 0; i < angles.size(); ++i) {
      cosine.push_back(std::cos(angles[i]));
      sine.push_back(std::sin(angles[i]));
      const double c = static_cast<double>(cosine[i]), s = static_cast<double>(sine[i]);
      const double a = static_cast<double>(x[i]), b = static_cast<double>(x[i + angles.size()]);
      expected[i] = a * c - b * s;
      expected[i + angles.size()] = b * c + a * s;
    }
    on_every_target([&] {
      Guarded turned(x);
      kernels::rotate(half, cosine.data(), sine.data(), 1.0F, turned.data());
      CHECK(difference(turned.values(), expected) <= 5e-7);
      kernels::rotate(half, cosine.data(), sine.data(), -1.0F, turned.data());
      const std::vector<double> original(x.begin(), x.end());
      CHECK(difference(turned.values(), original) <= 1e-6);
      CHECK(turned.intact());
    });
  }
}
