// Dropout from counters.
#include "kernels/dropout.h"

#include <algorithm>

#include "kernels/targets.h"

using namespace gpt;
using namespace gpt::test;

namespace {

/// Which of n elements, from `first` on, survive.
std::vector<bool> mask(std::int64_t n, float p, const kernels::DropoutKey& key, std::uint64_t first = 0) {
  const std::vector<float> ones(static_cast<std::size_t>(n), 1.0F);
  std::vector<float> out(ones.size());
  kernels::dropout(n, p, key, first, ones.data(), out.data());
  std::vector<bool> kept;
  for (const float v : out) kept.push_back(v != 0.0F);
  return kept;
}

}  // namespace

TEST_CASE("dropout: drops with the rate asked for") {
  for (const float p : {0.1F, 0.5F, 0.9F}) {
    const std::vector<bool> kept = mask(200000, p, {1, 2, 3});
    const auto dropped = static_cast<double>(std::count(kept.begin(), kept.end(), false)) / 200000.0;
    CHECK(dropped == Approx(static_cast<double>(p)).margin(0.005));
  }
}

TEST_CASE("dropout: what survives is scaled, what does not is zero") {
  const std::vector<float> x = numbers(1000, 1);
  std::vector<float> out(x.size());
  kernels::dropout(1000, 0.25F, {9, 1, 1}, 0, x.data(), out.data());
  const std::vector<bool> kept = mask(1000, 0.25F, {9, 1, 1});
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(out[i] == (kept[i] ? x[i] * (1.0F / 0.75F) : 0.0F));
  std::vector<float> in_place = x;
  kernels::dropout(1000, 0.25F, {9, 1, 1}, 0, in_place.data(), in_place.data());
  CHECK(in_place == out);
}

TEST_CASE("dropout: none at rate 0") {
  const std::vector<float> x = numbers(77, 2);
  std::vector<float> out(x.size());
  kernels::dropout(77, 0.0F, {1, 1, 1}, 5, x.data(), out.data());
  CHECK(out == x);
}

TEST_CASE("dropout: depends on seed, step, stream and element alone") {
  const kernels::DropoutKey key{5, 6, 7};
  const std::vector<bool> whole = mask(1000, 0.5F, key);
  CHECK(mask(1000, 0.5F, key) == whole);
  CHECK(mask(1000, 0.5F, {4, 6, 7}) != whole);
  CHECK(mask(1000, 0.5F, {5, 5, 7}) != whole);
  CHECK(mask(1000, 0.5F, {5, 6, 8}) != whole);
  CHECK(mask(1000, 0.5F, {5, 7, 6}) != whole);
}

TEST_CASE("dropout: however a row is cut into blocks") {
  const kernels::DropoutKey key{5, 6, 7};
  constexpr std::uint64_t start = (std::uint64_t{3} << 32) + 1;  // as far into a long batch
  const std::vector<bool> whole = mask(257, 0.5F, key, start);
  for (std::int64_t block = 1; block <= 33; ++block) {
    std::vector<bool> pieces;
    for (std::int64_t at = 0; at < 257; at += block) {
      const std::vector<bool> piece =
          mask(std::min(block, 257 - at), 0.5F, key, start + static_cast<std::uint64_t>(at));
      pieces.insert(pieces.end(), piece.begin(), piece.end());
    }
    INFO("blocks of " << block);
    CHECK(pieces == whole);
  }
}
