#include "gpt/tensor/limits.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include "gpt/tensor/gemm.h"
#include "gpt/tensor/parallel.h"
#include "gpt/tensor/tensor.h"
#include "kernels/elementwise.h"
#include "kernels/fetch.h"
#include "tensor/onednn.h"

namespace gpt {
namespace {

using Clock = std::chrono::steady_clock;

struct Product {
  std::int64_t m, n, k;
  double operations() const noexcept { return 2.0 * static_cast<double>(m * n * k); }
};
constexpr std::array<Product, 3> kProducts{{{1024, 768, 3072}, {1024, 3072, 768}, {2048, 2048, 2048}}};

/// How often `work` runs in a second, the median of 15 turns of at least 20 ms: what a machine keeps up, as the steps
/// set beside it must, where single turns differ by a tenth.
double sustained_rate(const std::function<void()>& work) {
  constexpr std::chrono::milliseconds turn(20);
  std::array<double, 15> rates{};
  work();
  for (double& rate : rates) {
    const Clock::time_point start = Clock::now();
    double times = 0;
    do {
      work();
      ++times;
    } while (Clock::now() - start < turn);
    rate = times / std::chrono::duration<double>(Clock::now() - start).count();
  }
  std::nth_element(rates.begin(), rates.begin() + rates.size() / 2, rates.end());
  return rates[rates.size() / 2];
}

template <typename Element, typename Multiply>
double best_product(const Multiply& multiply) {
  double best = 0;
  for (const Product& p : kProducts) {
    const std::vector<Element> a(static_cast<std::size_t>(p.m * p.k)), b(static_cast<std::size_t>(p.k * p.n));
    std::vector<float> c(static_cast<std::size_t>(p.m * p.n));
    best = std::max(best, p.operations() * sustained_rate([&] { multiply(p, a.data(), b.data(), c.data()); }));
  }
  return best;
}

double float32_limit() {
  return best_product<float>([](const Product& p, const float* a, const float* b, float* c) {
    gemm(p.m, p.n, p.k, 1.0F, {a, p.k, false}, {b, p.n, false}, 0.0F, c, p.n);
  });
}

double bfloat16_limit() {
  return best_product<std::uint16_t>([](const Product& p, const std::uint16_t* a, const std::uint16_t* b, float* c) {
    gemm(p.m, p.n, p.k, {a, p.k}, {b, p.n}, 0.0F, c, p.n);
  });
}

/// Each thread makes a product of its own.
double int8_limit(int threads) {
  double best = 0;
  for (const Product& p : kProducts) {
    std::vector<onednn::Int8Product> parts;
    for (int i = 0; i < threads; ++i) parts.emplace_back(p.m, p.n, p.k);
    const double rate = sustained_rate(
        [&] { parallel_for(threads, [&](std::int64_t i) { parts[static_cast<std::size_t>(i)].run(); }); });
    best = std::max(best, p.operations() * threads * rate);
  }
  return best;
}

/// Reads 256 MB, which no cache holds, as the weights of a model are read: from huge pages, ahead of their use.
double memory_limit() {
  constexpr std::int64_t page = 1024, parts = 256;  // floats
  Arena arena;
  const Tensor words(arena, Shape::matrix(parts, std::int64_t{1} << 18));
  words.fill(1.0F);
  std::vector<double> sums(static_cast<std::size_t>(parts));
  const double rate = sustained_rate([&] {
    parallel_for(parts, [&](std::int64_t part) {
      double sum = 0;
      for (const float* at = words.row(part); at < words.row(part + 1); at += page) {
        kernels::fetch_ahead(at, page * static_cast<std::int64_t>(sizeof(float)));
        sum += kernels::sum_of_squares(page, at);
      }
      sums[static_cast<std::size_t>(part)] = sum;
    });
  });
  const bool complete = std::accumulate(sums.begin(), sums.end(), 0.0) == static_cast<double>(words.size());
  return complete ? rate * static_cast<double>(words.values().size_bytes()) : 0;
}

}  // namespace

double measure_limit(Limit limit, Threads& threads) {
  double measured = 0;
  threads.run([&] {
    switch (limit) {
      case Limit::float32:
        measured = float32_limit();
        break;
      case Limit::bfloat16:
        measured = hardware_bf16() ? bfloat16_limit() : 0;
        break;
      case Limit::int8:
        measured = int8_limit(threads.count());
        break;
      case Limit::memory:
        measured = memory_limit();
        break;
    }
  });
  return measured;
}

}  // namespace gpt
