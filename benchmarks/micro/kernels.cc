// Every kernel of libgpt/src/kernels on one thread, on each instruction set this machine has.
//   kernels [NAME]      only kernels whose name contains NAME
#include <hwy/targets.h>
#include <tbb/cache_aligned_allocator.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/core/random.h"
#include "gpt/tensor/tensor.h"
#include "kernels/adamw.h"
#include "kernels/bfloat16.h"
#include "kernels/cache.h"
#include "kernels/dropout.h"
#include "kernels/elementwise.h"
#include "kernels/half_gemm.h"
#include "kernels/norm.h"
#include "kernels/quantized.h"
#include "kernels/small_gemm.h"
#include "kernels/softmax.h"

namespace {

namespace kernels = gpt::kernels;

constexpr std::int64_t kValues = 1536;  // a row of activations: everything stays in the first cache
constexpr std::int64_t kHead = 64, kKeys = 64, kQueries = 64;  // attention: a block of queries and of keys
constexpr std::int64_t kRank = 8;                              // of an adapter
constexpr std::int64_t kInputs = 576;                          // of a product in few bits

/// Billions of units a second: the best of 20 rounds of about a millisecond.
double measure(double units, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  const auto seconds = [&](std::int64_t times) {
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < times; ++i) work();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  std::int64_t times = 1;
  while (seconds(times) < 1e-3) times *= 2;
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 20; ++round) best = std::min(best, seconds(times));
  return units * static_cast<double>(times) / best / 1e9;
}

/// Values that start where a line of the cache does, as those of tensors do.
template <typename T>
using Aligned = std::vector<T, tbb::cache_aligned_allocator<T>>;

Aligned<float> numbers(std::int64_t n, std::uint64_t seed) {
  gpt::Random random(seed, 0);
  Aligned<float> values(static_cast<std::size_t>(n));
  for (float& value : values) value = random.normal();
  return values;
}

/// Cosines of one angle after the other, or sines: a turn keeps the length of what it turns.
template <typename Function>
Aligned<float> of_angles(std::int64_t n, const Function& function) {
  Aligned<float> values(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = function(static_cast<float>(i));
  return values;
}

/// What the kernels work on.
struct Rows {
  Aligned<float> a = numbers(kValues, 1), b = numbers(kValues, 2), c = numbers(kValues, 3), out = numbers(kValues, 4),
                 second = Aligned<float>(static_cast<std::size_t>(kValues), 0.5F), square = numbers(kInputs * kRank, 5),
                 more = numbers(kQueries * kInputs, 6), cosine = of_angles(kValues / 2, cosf),
                 sine = of_angles(kValues / 2, sinf);
  Aligned<std::uint16_t> half = Aligned<std::uint16_t>(static_cast<std::size_t>(kValues));
  Aligned<std::uint16_t> weights = Aligned<std::uint16_t>(static_cast<std::size_t>(48 * kInputs));
  Aligned<std::int8_t> bytes = Aligned<std::int8_t>(static_cast<std::size_t>(kValues));
};

struct Case {
  const char* name;
  const char* unit;  // what is counted
  double units;      // of one call
  std::function<void()> call;
};

std::vector<Case> cases(Rows& r) {
  constexpr auto n = kValues;
  const auto values = static_cast<double>(n);
  float *const a = r.a.data(), *const b = r.b.data(), *const c = r.c.data(), *const out = r.out.data();
  const kernels::AdamwStep step{1e-4F, 0.999F, 1e-8F, 0.01F, 0.1F, 0.001F, 0.1F, 0.001F, 1.0F};
  const auto gemm = [&r](std::int64_t m, std::int64_t columns, std::int64_t k, bool turned) {
    const kernels::Strided left{r.more.data(), turned ? 1 : k, turned ? m : 1};
    kernels::small_gemm(m, columns, k, 1.0F, left, r.square.data(), columns, 0.0F, r.out.data(), columns);
  };
  const auto operations = [](std::int64_t m, std::int64_t columns, std::int64_t k) {
    return 2.0 * static_cast<double>(m * columns * k);
  };
  return {
      {"add", "values", values, [=] { kernels::add(n, a, b, out); }},
      {"add_scaled", "values", values, [=] { kernels::add_scaled(n, 0.5F, a, out); }},
      {"scale", "values", values, [=] { kernels::scale(n, 0.5F, a, out); }},
      {"sum_of_squares", "values", values, [=] { out[0] = static_cast<float>(kernels::sum_of_squares(n, a)); }},
      {"gelu", "values", values, [=] { kernels::gelu(n, a, out); }},
      {"gelu_backward", "values", values, [=] { kernels::gelu_backward(n, a, b, out); }},
      {"gelu_erf", "values", values, [=] { kernels::gelu_erf(n, a, out); }},
      {"gelu_erf_backward", "values", values, [=] { kernels::gelu_erf_backward(n, a, b, out); }},
      {"silu_gate", "values", values, [=] { kernels::silu_gate(n, a, b, out); }},
      {"silu_gate_backward", "values", values,
       [=, &r] { kernels::silu_gate_backward(n, a, b, c, out, r.more.data()); }},
      {"rotate", "values", values, [=, &r] { kernels::rotate(n / 2, r.cosine.data(), r.sine.data(), 1.0F, out); }},
      {"layer_norm", "values", values, [=] { kernels::layer_norm(n, a, b, c, 1e-5F, out); }},
      {"rms_norm", "values", values, [=] { kernels::rms_norm(n, a, b, 1e-5F, out); }},
      {"norm_backward", "values", values,
       [=, &r] {
         kernels::norm_backward(n, a, b, {0.1F, 1.0F}, true, c, out, r.more.data(), r.more.data() + n);
       }},
      {"softmax", "values", values, [=] { std::copy_n(a, n, out), kernels::softmax(n, out); }},
      {"log_sum_exp", "values", values, [=] { out[0] = kernels::log_sum_exp(n, a).total(); }},
      {"softmax_backward", "values", values, [=] { kernels::softmax_backward(n, a, 0.1F, out); }},
      {"dot", "values", values, [=] { out[0] = kernels::dot(n, a, b); }},
      {"dropout", "values", values,
       [=] {
         kernels::dropout(n, 0.1F, {1, 2, 3}, 0, a, out);
       }},
      {"adamw", "values", values, [=, &r] { kernels::adamw(n, step, b, r.more.data(), out, r.second.data()); }},
      {"to_bfloat16", "values", values, [=, &r] { kernels::to_bfloat16(n, a, r.half.data()); }},
      {"from_bfloat16", "values", values, [=, &r] { kernels::from_bfloat16(n, r.half.data(), out); }},
      {"to_int8", "values", values, [=, &r] { out[0] = kernels::to_int8(n, a, r.bytes.data()); }},
      {"from_int8", "values", values, [=, &r] { kernels::from_int8(n, r.bytes.data(), out); }},
      {"transpose 24 x 64", "values", values, [=] { kernels::transpose(n / kHead, kHead, a, kHead, out, n / kHead); }},
      {"small_gemm 24 x 64 x 64", "operations", operations(24, kKeys, kHead), [=] { gemm(24, kKeys, kHead, false); }},
      {"small_gemm 24 x 64 x 64, turned", "operations", operations(24, kKeys, kHead),
       [=] { gemm(24, kKeys, kHead, true); }},
      {"small_gemm 48 x 8 x 576", "operations", operations(48, kRank, kInputs),
       [=] { gemm(48, kRank, kInputs, false); }},
      {"half_gemm 1 x 48 x 576", "operations", operations(1, 48, kInputs),
       [=, &r] {
         kernels::half_gemm(1, 48, kInputs, r.half.data(), kInputs, r.weights.data(), kInputs, false, out, 48);
       }},
  };
}

/// The dispatcher held to one instruction set.
void choose(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(target == 0 ? hwy::SupportedTargets() : target);
}

/// Those that the library is built for and the machine has, the plainest first.
std::vector<std::int64_t> targets() {
  std::vector<std::int64_t> found{HWY_STATIC_TARGET};
  for (const std::int64_t target : {HWY_AVX2, HWY_AVX3})
    if (target != HWY_STATIC_TARGET && (hwy::SupportedTargets() & target) != 0) found.push_back(target);
  return found;
}

void measure_values(Rows& rows, std::string_view wanted) {
  const std::vector<std::int64_t> sets = targets();
  std::printf("%-32s", "billions a second");
  for (const std::int64_t target : sets)
    std::printf("%12s", target == HWY_STATIC_TARGET ? "plain" : hwy::TargetName(target));
  std::printf("\n");
  for (const Case& one : cases(rows)) {
    if (std::string_view(one.name).find(wanted) == std::string_view::npos) continue;
    std::printf("%-32s", one.name);
    for (const std::int64_t target : sets) {
      choose(target);
      std::printf("%12.2f", measure(one.units, one.call));
      std::fflush(stdout);
    }
    std::printf("  %s\n", one.unit);
  }
  choose(0);
}

/// 96 outputs for as many rows of activations as decoding, a small batch and a prompt have.
void measure_quantized(const Rows& rows) {
  constexpr std::int64_t kBlocks = kInputs / kernels::kQuantBlock, kGroups = 6,
                         kOutputs = kGroups * kernels::kQuantRows;
  std::vector<std::int8_t> values(static_cast<std::size_t>(kQueries * kInputs));
  std::vector<float> scales(static_cast<std::size_t>(kQueries * kBlocks)),
      sums = scales, y(static_cast<std::size_t>(kQueries * kOutputs));
  std::vector<std::int32_t> offset(scales.size());
  const double rounding = measure(static_cast<double>(kInputs), [&] {
    kernels::quantize_input(kBlocks, rows.more.data(), values.data(), scales.data(), sums.data(), offset.data());
  });
  std::printf("\nquantize_input: %.2f billion values a second\n", rounding);
  kernels::quantize_input(kQueries * kBlocks, rows.more.data(), values.data(), scales.data(), sums.data(),
                          offset.data());
  std::printf("\n%-32s%12s%12s%12s\n", "quant_groups, GOP/s", "plain", "avx2", "avx512_vnni");
  for (const auto bits : {kernels::QuantBits::four, kernels::QuantBits::eight}) {
    const char* const name = bits == kernels::QuantBits::four ? "4 bits" : "8 bits";
    const std::int64_t size = kernels::quant_block_bytes(bits);
    std::vector<std::uint8_t> groups(static_cast<std::size_t>(kGroups * kBlocks * size));
    for (std::int64_t g = 0; g < kGroups; ++g)
      for (std::int64_t b = 0; b < kBlocks; ++b)
        kernels::pack_quant_block(bits, rows.more.data() + b * kernels::kQuantBlock, kInputs, 1, kernels::kQuantRows,
                                  kernels::kQuantBlock, groups.data() + (g * kBlocks + b) * size);
    for (const std::int64_t count : {1, 16, 60}) {
      std::printf("%-32s", (std::string(name) + ", rows: " + std::to_string(count)).c_str());
      const kernels::QuantizedInput input{count, kBlocks, values.data(), scales.data(), sums.data(), offset.data()};
      for (const auto target :
           {kernels::QuantTarget::plain, kernels::QuantTarget::avx2, kernels::QuantTarget::avx512_vnni}) {
        if (target > kernels::quant_target()) continue;
        std::printf("%12.2f", measure(2.0 * static_cast<double>(kOutputs * count * kInputs), [&] {
                      kernels::quant_groups(target, bits, groups.data(), input, kOutputs, y.data(), kOutputs);
                    }));
        std::fflush(stdout);
      }
      std::printf("\n");
    }
  }
}

/// One row with more weights than any cache holds, as writing reads them: GB/s, with the pages they lie in.
void measure_reading(const Rows& rows) {
  constexpr std::int64_t kBlocks = kInputs / kernels::kQuantBlock, kGroups = 24000;
  std::vector<std::int8_t> values(kInputs);
  std::vector<float> scales(kBlocks), sums(kBlocks), y(kernels::kQuantRows);
  std::vector<std::int32_t> offset(kBlocks);
  kernels::quantize_input(kBlocks, rows.a.data(), values.data(), scales.data(), sums.data(), offset.data());
  const kernels::QuantizedInput input{1, kBlocks, values.data(), scales.data(), sums.data(), offset.data()};
  std::printf("\n%-32s%12s%12s\n", "one row from memory, GB/s", "4 kB pages", "huge pages");
  for (const auto bits : {kernels::QuantBits::four, kernels::QuantBits::eight}) {
    const std::int64_t size = kBlocks * kernels::quant_block_bytes(bits);
    std::printf("%-32s", bits == kernels::QuantBits::four ? "4 bits" : "8 bits");
    const std::vector<std::uint8_t> heap(static_cast<std::size_t>(kGroups * size), 1);
    gpt::Arena arena;
    const gpt::Tensor huge(arena, gpt::Shape::vector(kGroups * size / 4));
    huge.fill(0.0F);
    for (const std::uint8_t* from : {heap.data(), reinterpret_cast<std::uint8_t const*>(huge.data())})
      std::printf("%12.2f", measure(static_cast<double>(kGroups * size), [&] {
                    for (std::int64_t g = 0; g < kGroups; ++g)
                      kernels::quant_groups(kernels::quant_target(), bits, from + g * size, input, kernels::kQuantRows,
                                            y.data(), kernels::kQuantRows);
                  }));
    std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  Rows rows;
  measure_values(rows, wanted);
  if (std::string_view("quantized").find(wanted) != std::string_view::npos) measure_quantized(rows);
  if (std::string_view("reading").find(wanted) != std::string_view::npos) measure_reading(rows);
  return 0;
}
