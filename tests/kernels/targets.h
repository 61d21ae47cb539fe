// Kernels on every instruction set this machine has, against double precision.
#pragma once

#include <hwy/targets.h>

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gpt/core/random.h"
#include "support/catch.h"

namespace gpt::test {

/// Lengths with every tail, and whole rows of real models.
inline std::vector<std::int64_t> sizes() {
  std::vector<std::int64_t> all;
  for (std::int64_t n = 1; n <= 40; ++n) all.push_back(n);
  all.insert(all.end(), {64, 576, 767});
  return all;
}

inline std::vector<float> numbers(std::int64_t n, std::uint64_t seed, float spread = 1.0F) {
  Random random(seed, static_cast<std::uint64_t>(n));
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& value : values) value = spread * random.normal();
  return values;
}

/// Runs body once for each instruction set, the dispatcher held to it; what the library was built without falls to the
/// next.
template <typename Body>
void on_every_target(const Body& body) {
  struct Restore {
    ~Restore() {
      hwy::SetSupportedTargetsForTest(0);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
  } const restore;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    const std::int64_t target = left & -left;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    INFO("instruction set " << hwy::TargetName(target));
    body();
  }
}

/// n values with room behind them that nobody may write to.
class Guarded {
 public:
  explicit Guarded(std::vector<float> values) : size_(values.size()), values_(std::move(values)) {
    values_.resize(size_ + kGuard, kMark);
  }
  Guarded(std::int64_t n, float value) : Guarded(std::vector<float>(static_cast<std::size_t>(n), value)) {}
  float* data() { return values_.data(); }
  std::span<const float> values() const { return {values_.data(), size_}; }
  bool intact() const {
    for (std::size_t i = size_; i < values_.size(); ++i)
      if (values_[i] != kMark) return false;
    return true;
  }

 private:
  static constexpr std::size_t kGuard = 64;
  static constexpr float kMark = 12345.0F;
  std::size_t size_;
  std::vector<float> values_;
};

/// The largest difference, relative where the expected value is above 1. NaN differs from everything.
inline double difference(std::span<const float> actual, std::span<const double> expected) {
  REQUIRE(actual.size() == expected.size());
  double largest = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double d = std::abs(static_cast<double>(actual[i]) - expected[i]) / std::max(1.0, std::abs(expected[i]));
    if (!(d <= largest)) largest = d;
  }
  return largest;
}

/// run(n, a, b, c, out) against plain(a, b, c, old out) for each element; `spread` is a's.
template <typename Run, typename Plain>
void check_elementwise(const Run& run, const Plain& plain, double tolerance, float spread = 1.0F) {
  for (const std::int64_t n : sizes()) {
    INFO("n = " << n);
    const std::vector<float> a = numbers(n, 1, spread), b = numbers(n, 2), c = numbers(n, 3),
                             old = numbers(n, 4, spread);
    std::vector<double> expected;
    for (std::size_t i = 0; i < a.size(); ++i)
      expected.push_back(plain(static_cast<double>(a[i]), static_cast<double>(b[i]), static_cast<double>(c[i]),
                               static_cast<double>(old[i])));
    on_every_target([&] {
      Guarded out(old);
      run(n, a.data(), b.data(), c.data(), out.data());
      CHECK(difference(out.values(), expected) <= tolerance);
      CHECK(out.intact());
    });
  }
}

}  // namespace gpt::test
