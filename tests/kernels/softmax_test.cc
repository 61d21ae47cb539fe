// Exponentials of rows.
#include "kernels/softmax.h"

#include <algorithm>

#include "kernels/targets.h"

using namespace gpt;
using namespace gpt::test;

namespace {

/// softmax of x, and log(sum(exp(x))) behind it.
std::vector<double> plain_softmax(const std::vector<float>& x) {
  const auto top = static_cast<double>(*std::max_element(x.begin(), x.end()));
  std::vector<double> p;
  double sum = 0;
  for (const float v : x) sum += p.emplace_back(std::exp(static_cast<double>(v) - top));
  for (double& v : p) v /= sum;
  p.push_back(top + std::log(sum));
  return p;
}

}  // namespace

TEST_CASE("kernels: softmax and log-sum-exp") {
  for (const std::int64_t n : sizes())
    for (const float spread : {1.0F, 30.0F, 3000.0F}) {
      INFO("n = " << n << ", spread " << spread);
      const std::vector<float> x = numbers(n, 1, spread);
      std::vector<double> expected = plain_softmax(x);
      const double log_sum = expected.back();
      expected.pop_back();
      on_every_target([&] {
        Guarded p(x);
        const kernels::LogSum sum = kernels::softmax(n, p.data());
        CHECK(difference(p.values(), expected) <= 1e-6);
        CHECK(p.intact());
        CHECK(sum.total() == Approx(log_sum).epsilon(1e-6).margin(1e-6));
        CHECK(sum.top == *std::max_element(x.begin(), x.end()));
        const kernels::LogSum alone = kernels::log_sum_exp(n, x.data());
        CHECK(alone.top == sum.top);
        CHECK(alone.log_sum == sum.log_sum);
      });
    }
}

TEST_CASE("kernels: a sure row keeps the digits of its small loss") {
  std::vector<float> x(20, 0.0F);
  x[3] = 16.0F;
  on_every_target([&] {
    const kernels::LogSum sum = kernels::log_sum_exp(20, x.data());
    CHECK(sum.top == 16.0F);
    CHECK(sum.log_sum == Approx(std::log1p(19 * std::exp(-16.0))).epsilon(0.1));
  });
}

TEST_CASE("kernels: shifted exponentials") {
  check_elementwise(
      [](auto n, auto a, auto, auto, auto out) {
        std::copy_n(a, n, out);
        kernels::exp_shifted(n, 0.5F, out);
      },
      [](double a, double, double, double) { return std::exp(a - 0.5); }, 1e-6);
}

TEST_CASE("kernels: small exponentials keep their digits") {
  std::vector<float> x;
  for (int i = 0; i <= 340; ++i) x.push_back(-0.25F * static_cast<float>(i));
  const auto n = static_cast<std::int64_t>(x.size());
  on_every_target([&] {
    std::vector<float> y = x;
    kernels::exp_shifted(n, 0.0F, y.data());
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(y[i]) / std::exp(static_cast<double>(x[i])) - 1));
    CHECK(worst <= 1e-6);
  });
}

TEST_CASE("kernels: the way back through softmax") {
  check_elementwise(
      [](auto n, auto a, auto b, auto, auto out) {
        std::copy_n(b, n, out);
        kernels::softmax_backward(n, a, 0.25F, out);
      },
      [](double a, double b, double, double) { return a * (b - 0.25); }, 5e-7);
}

TEST_CASE("kernels: dot products") {
  for (const std::int64_t n : sizes()) {
    INFO("n = " << n);
    const std::vector<float> a = numbers(n, 1), b = numbers(n, 2);
    double expected = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      expected += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      size += std::abs(static_cast<double>(a[i]) * static_cast<double>(b[i]));
    }
    on_every_target([&] { CHECK(kernels::dot(n, a.data(), b.data()) == Approx(expected).margin(1e-6 * size)); });
  }
}
