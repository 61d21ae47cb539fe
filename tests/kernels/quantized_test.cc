// Products with weights in 4 and 8 bits, on every instruction set this machine has code for.
#include "kernels/quantized.h"

#include <algorithm>

#include "kernels/targets.h"

using namespace gpt;
using namespace gpt::test;
using kernels::QuantBits;
using kernels::QuantTarget;

namespace {

struct Input {
  Input(std::int64_t rows, std::int64_t blocks, std::vector<float> values)
      : x(std::move(values)),
        q(static_cast<std::size_t>(rows * blocks * 32)),
        scales(static_cast<std::size_t>(rows * blocks)),
        sums(scales.size()),
        offset(scales.size()),
        view{rows, blocks, q.data(), scales.data(), sums.data(), offset.data()} {
    kernels::quantize_input(rows * blocks, x.data(), q.data(), scales.data(), sums.data(), offset.data());
  }
  std::vector<float> x;
  std::vector<std::int8_t> q;
  std::vector<float> scales, sums;
  std::vector<std::int32_t> offset;
  kernels::QuantizedInput view;
};

std::int64_t groups_of(std::int64_t rows) { return (rows + kernels::kQuantRows - 1) / kernels::kQuantRows; }

/// Rows of weights, packed in groups of 16.
std::vector<std::uint8_t> pack(QuantBits bits, const std::vector<float>& w, std::int64_t rows, std::int64_t blocks) {
  const std::int64_t size = kernels::quant_block_bytes(bits);
  std::vector<std::uint8_t> groups(static_cast<std::size_t>(groups_of(rows) * blocks * size));
  for (std::int64_t g = 0; g < groups_of(rows); ++g)
    for (std::int64_t b = 0; b < blocks; ++b)
      kernels::pack_quant_block(bits, w.data() + (g * kernels::kQuantRows * blocks + b) * 32, blocks * 32, 1,
                                std::min(kernels::kQuantRows, rows - g * kernels::kQuantRows), 32,
                                groups.data() + (g * blocks + b) * size);
  return groups;
}

std::vector<QuantTarget> targets() {
  std::vector<QuantTarget> all;
  for (const QuantTarget t : {QuantTarget::plain, QuantTarget::avx2, QuantTarget::avx512_vnni})
    if (t <= kernels::quant_target()) all.push_back(t);
  return all;
}

/// Whole multiples of `unit` that the format holds exactly: both ends of its range are in every block.
std::vector<float> exact_weights(QuantBits bits, std::int64_t rows, std::int64_t blocks, float unit) {
  const int low = bits == QuantBits::four ? -5 : -127, high = bits == QuantBits::four ? 10 : 127;
  Random random(5);
  std::vector<float> w;
  for (std::int64_t i = 0; i < rows * blocks * 32; ++i) {
    int value = low + static_cast<int>(random.below(static_cast<std::uint32_t>(high - low + 1)));
    if (i % 32 == 7) value = low;
    if (i % 32 == 20) value = high;
    w.push_back(unit * static_cast<float>(value));
  }
  return w;
}

std::vector<float> exact_inputs(std::int64_t rows, std::int64_t blocks) {
  Random random(6);
  std::vector<float> x;
  for (std::int64_t i = 0; i < rows * blocks * 32; ++i)
    x.push_back(0.25F * (i % 32 == 3 ? -127.0F : static_cast<float>(random.below(255)) - 127.0F));
  return x;
}

}  // namespace

TEST_CASE("kernels: products of numbers that 4 and 8 bits hold are exact") {
  for (const QuantBits bits : {QuantBits::four, QuantBits::eight})
    for (const std::int64_t rows : {1, 3, 4, 12, 17})
      for (const std::int64_t columns : {1, 7, 8, 9, 16, 17, 32, 41, 48})
        for (const std::int64_t blocks : {1, 3}) {
          INFO((bits == QuantBits::four ? 4 : 8) << " bits, " << rows << " x " << columns << ", " << blocks);
          const std::vector<float> w = exact_weights(bits, columns, blocks, 0.125F);
          const Input input(rows, blocks, exact_inputs(rows, blocks));
          const std::vector<std::uint8_t> groups = pack(bits, w, columns, blocks);
          std::vector<double> expected;
          for (std::int64_t r = 0; r < rows; ++r)
            for (std::int64_t c = 0; c < columns; ++c) {
              double sum = 0;
              for (std::int64_t i = 0; i < blocks * 32; ++i)
                sum += static_cast<double>(input.x[static_cast<std::size_t>(r * blocks * 32 + i)]) *
                       static_cast<double>(w[static_cast<std::size_t>(c * blocks * 32 + i)]);
              expected.push_back(sum);
            }
          for (const QuantTarget target : targets()) {
            INFO("target " << static_cast<int>(target));
            Guarded y(rows * columns, -1.0F);
            kernels::quant_groups(target, bits, groups.data(), input.view, columns, y.data(), columns);
            CHECK(difference(y.values(), expected) <= 1e-6);
            CHECK(y.intact());
          }
        }
}

TEST_CASE("kernels: rounding to 4 and 8 bits loses what it must and no more") {
  const std::vector<float> w = numbers(16 * 64, 3), x = numbers(5 * 64, 4, 3.0F);
  const Input input(5, 2, x);
  for (const QuantBits bits : {QuantBits::four, QuantBits::eight}) {
    const std::vector<std::uint8_t> group = pack(bits, w, 16, 2);
    std::vector<float> y(5 * 16);
    kernels::quant_groups(kernels::quant_target(), bits, group.data(), input.view, 16, y.data(), 16);
    double error = 0, size = 0;
    for (std::size_t r = 0; r < 5; ++r)
      for (std::size_t c = 0; c < 16; ++c) {
        double sum = 0;
        for (std::size_t i = 0; i < 64; ++i)
          sum += static_cast<double>(x[r * 64 + i]) * static_cast<double>(w[c * 64 + i]);
        error += (sum - static_cast<double>(y[r * 16 + c])) * (sum - static_cast<double>(y[r * 16 + c]));
        size += sum * sum;
      }
    CHECK(std::sqrt(error / size) < (bits == QuantBits::four ? 0.12 : 0.01));
    CHECK(std::sqrt(error / size) > (bits == QuantBits::four ? 0.01 : 0.0001));
  }
}

TEST_CASE("kernels: zeros and weights that are not there") {
  for (const QuantBits bits : {QuantBits::four, QuantBits::eight}) {
    const std::int64_t size = kernels::quant_block_bytes(bits);
    std::vector<std::uint8_t> group(static_cast<std::size_t>(size));
    const std::vector<float> w = exact_weights(bits, 3, 1, 1.0F);
    kernels::pack_quant_block(bits, w.data(), 32, 1, 3, 9, group.data());  // 3 rows, 9 inputs
    const Input input(1, 1, std::vector<float>(32, 0.0F)), ones(1, 1, std::vector<float>(32, 1.0F));
    for (const QuantTarget target : targets()) {
      std::vector<float> y(16, 5.0F);
      kernels::quant_groups(target, bits, group.data(), input.view, 16, y.data(), 16);
      CHECK(y == std::vector<float>(16, 0.0F));
      kernels::quant_groups(target, bits, group.data(), ones.view, 16, y.data(), 16);
      for (std::size_t i = 3; i < 16; ++i) CHECK(y[i] == 0.0F);
    }
  }
}

TEST_CASE("kernels: activations in 8 bits on every instruction set") {
  std::vector<float> x = numbers(4 * 32, 9, 10.0F);
  std::fill(x.begin() + 32, x.begin() + 64, 0.0F);
  on_every_target([&] {
    const Input input(1, 4, x);
    for (std::size_t b = 0; b < 4; ++b) {
      std::int32_t total = 0;
      float largest = 0;
      for (std::size_t i = 32 * b; i < 32 * b + 32; ++i) {
        total += input.q[i];
        largest = std::max(largest, std::abs(x[i]));
        CHECK(std::abs(x[i] - input.scales[b] * static_cast<float>(input.q[i])) <= input.scales[b] * 0.5001F);
      }
      CHECK(input.scales[b] == Approx(largest / 127.0F));
      CHECK(input.offset[b] == 128 * total);
      CHECK(input.sums[b] == Approx(input.scales[b] * static_cast<float>(total)));
    }
  });
}
