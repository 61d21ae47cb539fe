// The matrix products of a training step of GPT-2 small, 4 x 256 tokens, in the operands' layouts: GFLOP/s of each and
// of all.
//   products [THREADS]
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string_view>
#include <vector>

#include "gpt/ops/loss.h"
#include "gpt/tensor/gemm.h"
#include "gpt/tensor/parallel.h"
#include "gpt/tensor/tensor.h"

namespace {

/// c[m, n] = a[m, k] b[k, n], `times` in a step.
struct Product {
  const char* name;
  std::int64_t m, n, k;
  bool turned_a, turned_b;
  int times;
  double operations() const { return 2.0 * static_cast<double>(m * n * k); }
};

constexpr std::int64_t kVocabulary = 50257, kRows = gpt::kLogitRows;
constexpr Product kStep[] = {
    {"attention in", 1024, 2304, 768, false, false, 12},
    {"attention out", 1024, 768, 768, false, false, 12},
    {"mlp in", 1024, 3072, 768, false, false, 12},
    {"mlp out", 1024, 768, 3072, false, false, 12},
    {"attention in, back", 1024, 768, 2304, false, true, 12},
    {"attention out, back", 1024, 768, 768, false, true, 12},
    {"mlp in, back", 1024, 768, 3072, false, true, 12},
    {"mlp out, back", 1024, 3072, 768, false, true, 12},
    {"attention in, weights", 768, 2304, 1024, true, false, 12},
    {"attention out, weights", 768, 768, 1024, true, false, 12},
    {"mlp in, weights", 768, 3072, 1024, true, false, 12},
    {"mlp out, weights", 3072, 768, 1024, true, false, 12},
    {"logits", kRows, kVocabulary, 768, false, true, 1024 / kRows},
    {"logits, back", kRows, 768, kVocabulary, false, false, 1024 / kRows},
    {"logits, weights", kVocabulary, 768, kRows, true, false, 1024 / kRows},
};

/// Matrices of a product; as many of them as fill 256 MB are taken in turn, so that they come from memory as in a step.
struct Operands {
  gpt::Tensor a, b, c;
};

std::vector<Operands> operands(gpt::Arena& arena, const Product& p) {
  constexpr std::int64_t floats = std::int64_t{1} << 26;
  std::vector<Operands> all;
  do {
    all.push_back({gpt::Tensor(arena, gpt::Shape::vector(p.m * p.k)), gpt::Tensor(arena, gpt::Shape::vector(p.k * p.n)),
                   gpt::Tensor(arena, gpt::Shape::vector(p.m * p.n))});
    for (const gpt::Tensor& tensor : {all.back().a, all.back().b, all.back().c}) tensor.fill(0.0F);
  } while (static_cast<std::int64_t>(all.size()) * (p.m * p.k + p.k * p.n + p.m * p.n) < floats);
  return all;
}

/// The median of half a second's.
double seconds(const std::vector<Operands>& all, const std::function<void(const Operands&)>& multiply) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  multiply(all.front());
  for (const auto begin = Clock::now(); Clock::now() - begin < std::chrono::milliseconds(500);)
    for (const Operands& one : all) {
      const auto start = Clock::now();
      multiply(one);
      times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

double measure(const Product& p, bool half) {
  gpt::Arena arena;
  const std::vector<Operands> all = operands(arena, p);
  const std::int64_t a_row = p.turned_a ? p.m : p.k, b_row = p.turned_b ? p.k : p.n;
  if (!half)
    return seconds(all, [&](const Operands& one) {
      gpt::gemm(p.m, p.n, p.k, 1.0F, {one.a.data(), a_row, p.turned_a}, {one.b.data(), b_row, p.turned_b}, 0.0F,
                one.c.data(), p.n);
    });
  const auto bits = [](const gpt::Tensor& tensor) { return reinterpret_cast<const std::uint16_t*>(tensor.data()); };
  return seconds(all, [&](const Operands& one) {
    gpt::gemm(p.m, p.n, p.k, {bits(one.a), a_row, p.turned_a}, {bits(one.b), b_row, p.turned_b}, 0.0F, one.c.data(),
              p.n);
  });
}

void measure_step(bool half) {
  double operations = 0, time = 0;
  std::printf("%-26s%s\n", half ? "bfloat16" : "float32", "GFLOP/s");
  for (const Product& p : kStep) {
    const double one = measure(p, half);
    std::printf("  %-24s%7.0f\n", p.name, p.operations() / one / 1e9);
    operations += p.times * p.operations();
    time += p.times * one;
  }
  std::printf("  %-24s%7.0f\n", "all of a step", operations / time / 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  int count = 2;
  if (argc > 1) {
    const std::string_view text = argv[1];
    std::from_chars(text.data(), text.data() + text.size(), count);
  }
  gpt::Threads threads(count);
  threads.run([&] {
    measure_step(false);
    if (gpt::hardware_bf16()) measure_step(true);
  });
  return 0;
}
