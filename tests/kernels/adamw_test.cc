// AdamW's update.
#include "kernels/adamw.h"

#include "kernels/targets.h"

using namespace gpt;
using namespace gpt::test;

namespace {

struct State {
  std::vector<double> weight, first, second;
};

/// The paper's update in double precision.
void plain_step(State& s, const std::vector<float>& grad, int t, double lr, double decay, double factor) {
  constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  for (std::size_t i = 0; i < grad.size(); ++i) {
    const double g = static_cast<double>(grad[i]) * factor;
    s.first[i] = beta1 * s.first[i] + (1 - beta1) * g;
    s.second[i] = beta2 * s.second[i] + (1 - beta2) * g * g;
    const double m = s.first[i] / (1 - std::pow(beta1, t)), v = s.second[i] / (1 - std::pow(beta2, t));
    s.weight[i] -= lr * (decay * s.weight[i] + m / (std::sqrt(v) + epsilon));
  }
}

kernels::AdamwStep step(int t, double lr, double decay, double factor) {
  return {static_cast<float>(lr),
          0.999F,
          1e-8F,
          static_cast<float>(decay),
          static_cast<float>(1 - 0.9),
          static_cast<float>(1 - 0.999),
          static_cast<float>(1 - std::pow(0.9, t)),
          static_cast<float>(1 - std::pow(0.999, t)),
          static_cast<float>(factor)};
}

}  // namespace

TEST_CASE("kernels: AdamW follows the paper for five steps") {
  for (const std::int64_t n : sizes())
    for (const double decay : {0.0, 0.1}) {
      INFO("n = " << n << ", decay " << decay);
      const std::vector<float> start = numbers(n, 1);
      on_every_target([&] {
        State plain{{start.begin(), start.end()}, std::vector<double>(start.size()), std::vector<double>(start.size())};
        Guarded weight(start), first(n, 0.0F), second(n, 0.0F);
        for (int t = 1; t <= 5; ++t) {
          const std::vector<float> grad = numbers(n, 10 + static_cast<std::uint64_t>(t), t == 3 ? 1e-4F : 1.0F);
          plain_step(plain, grad, t, 1e-2, decay, 0.5);
          kernels::adamw(n, step(t, 1e-2, decay, 0.5), grad.data(), weight.data(), first.data(), second.data());
        }
        CHECK(difference(weight.values(), plain.weight) <= 1e-6);
        CHECK(difference(first.values(), plain.first) <= 1e-6);
        CHECK(difference(second.values(), plain.second) <= 1e-7);
        CHECK(weight.intact());
        CHECK(first.intact());
        CHECK(second.intact());
      });
    }
}

TEST_CASE("kernels: AdamW with no gradient only decays") {
  const std::vector<float> start = numbers(13, 2), zero(13, 0.0F);
  on_every_target([&] {
    std::vector<float> weight = start, first = zero, second = zero;
    kernels::adamw(13, step(1, 0.1, 0.5, 1), zero.data(), weight.data(), first.data(), second.data());
    for (std::size_t i = 0; i < weight.size(); ++i)
      CHECK(weight[i] == Approx(static_cast<double>(start[i]) * 0.95).epsilon(1e-6));
    CHECK(first == zero);
    CHECK(second == zero);
  });
}
