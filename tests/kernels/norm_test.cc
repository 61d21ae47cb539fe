// Normalization of a row and its way back.
#include "kernels/norm.h"

#include "kernels/targets.h"

using namespace gpt;
using namespace gpt::test;

namespace {

constexpr float kEpsilon = 1e-5F;

/// One row in double precision: mean, 1 / deviation, and the normalized values.
struct Plain {
  double mean = 0, inverse = 0;
  std::vector<double> z;
};

Plain normalized(const std::vector<float>& x, bool centred) {
  Plain p;
  const auto n = static_cast<double>(x.size());
  for (const float v : x) p.mean += centred ? static_cast<double>(v) / n : 0.0;
  double squares = 0;
  for (const float v : x) squares += (static_cast<double>(v) - p.mean) * (static_cast<double>(v) - p.mean) / n;
  p.inverse = 1 / std::sqrt(squares + static_cast<double>(kEpsilon));
  for (const float v : x) p.z.push_back((static_cast<double>(v) - p.mean) * p.inverse);
  return p;
}

/// dx = r (g - mean(g) [centred] - z mean(g z)), g = dy w.
std::vector<double> input_gradient(const Plain& p, const std::vector<float>& w, const std::vector<float>& dy,
                                   bool centred) {
  const auto n = static_cast<double>(w.size());
  double mean_g = 0, mean_gz = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double g = static_cast<double>(dy[i]) * static_cast<double>(w[i]);
    mean_g += centred ? g / n : 0.0;
    mean_gz += g * p.z[i] / n;
  }
  std::vector<double> dx;
  for (std::size_t i = 0; i < w.size(); ++i)
    dx.push_back(p.inverse * (static_cast<double>(dy[i]) * static_cast<double>(w[i]) - mean_g - p.z[i] * mean_gz));
  return dx;
}

}  // namespace

TEST_CASE("kernels: layer norm and rms norm") {
  for (const std::int64_t n : sizes())
    for (const bool centred : {true, false}) {
      INFO("n = " << n << ", centred " << centred);
      const std::vector<float> x = numbers(n, 1, 2.0F), w = numbers(n, 2), b = numbers(n, 3);
      const Plain p = normalized(x, centred);
      std::vector<double> plain, biased;
      for (std::size_t i = 0; i < x.size(); ++i) {
        plain.push_back(p.z[i] * static_cast<double>(w[i]));
        biased.push_back(plain.back() + static_cast<double>(b[i]));
      }
      on_every_target([&] {
        Guarded y(n, 0.0F);
        const kernels::RowMoments m = centred ? kernels::layer_norm(n, x.data(), w.data(), nullptr, kEpsilon, y.data())
                                              : kernels::rms_norm(n, x.data(), w.data(), kEpsilon, y.data());
        CHECK(difference(y.values(), plain) <= 3e-6);
        CHECK(m.mean == Approx(p.mean).margin(1e-6));
        CHECK(m.inverse_deviation == Approx(p.inverse).epsilon(2e-6));
        if (centred) {
          kernels::layer_norm(n, x.data(), w.data(), b.data(), kEpsilon, y.data());
          CHECK(difference(y.values(), biased) <= 3e-6);
        }
        CHECK(y.intact());
      });
    }
}

TEST_CASE("kernels: layer norm of a row far from zero keeps its digits") {
  std::vector<float> x = numbers(576, 4);
  for (float& v : x) v += 1000.0F;
  const std::vector<float> w(x.size(), 1.0F);
  const Plain p = normalized(x, true);
  on_every_target([&] {
    Guarded y(576, 0.0F);
    kernels::layer_norm(576, x.data(), w.data(), nullptr, kEpsilon, y.data());
    CHECK(difference(y.values(), p.z) <= 2e-3);
  });
}

TEST_CASE("kernels: a constant row normalizes to its bias") {
  const std::vector<float> x(37, 2.5F), w(37, 3.0F), b = numbers(37, 5);
  on_every_target([&] {
    std::vector<float> y(37);
    const auto m = kernels::layer_norm(37, x.data(), w.data(), b.data(), kEpsilon, y.data());
    CHECK(y == b);
    CHECK(m.inverse_deviation == Approx(1 / std::sqrt(1e-5)).epsilon(1e-5));
  });
}

TEST_CASE("kernels: the norms' gradients add to what is there") {
  for (const std::int64_t n : sizes())
    for (const bool centred : {true, false}) {
      INFO("n = " << n << ", centred " << centred);
      const std::vector<float> x = numbers(n, 1, 2.0F), w = numbers(n, 2), dy = numbers(n, 3), old = numbers(n, 4);
      const Plain p = normalized(x, centred);
      std::vector<double> dx = input_gradient(p, w, dy, centred), dw, db;
      for (std::size_t i = 0; i < x.size(); ++i) {
        dx[i] += static_cast<double>(old[i]);
        dw.push_back(static_cast<double>(old[i]) + static_cast<double>(dy[i]) * p.z[i]);
        db.push_back(static_cast<double>(old[i]) + static_cast<double>(dy[i]));
      }
      const kernels::RowMoments m{static_cast<float>(p.mean), static_cast<float>(p.inverse)};
      // A single value has variance zero: its gradient is a difference of numbers 300 times its size.
      const double tolerance = n == 1 && centred ? 1e-3 : 2e-5;
      on_every_target([&] {
        Guarded ours(old), weight(old), bias(old), alone(old);
        kernels::norm_backward(n, x.data(), w.data(), m, centred, dy.data(), ours.data(), weight.data(), bias.data());
        kernels::norm_backward(n, x.data(), w.data(), m, centred, dy.data(), alone.data(), nullptr, nullptr);
        CHECK(difference(ours.values(), dx) <= tolerance);
        CHECK(difference(alone.values(), dx) <= tolerance);
        CHECK(difference(weight.values(), dw) <= 3e-6);
        CHECK(difference(bias.values(), db) <= 1e-6);
        CHECK(ours.intact());
        CHECK(weight.intact());
        CHECK(bias.intact());
      });
    }
}
