// Attention over a cache in each of its types, against plain attention in double precision over the same rounded keys
// and values, on random shapes.
#include <bit>
#include <cmath>

#include "gpt/ops/attention.h"
#include "gpt/tensor/parallel.h"
#include "ops/gradient.h"
#include "support/errors.h"

using namespace gpt;
using namespace gpt::test;

namespace {

/// What a vector of a head is after a stay in the cache.
void round_as(CacheType type, std::int64_t n, float* x) {
  if (type == CacheType::float32) return;
  float most = 0;
  for (std::int64_t i = 0; i < n; ++i) most = std::max(most, std::abs(x[i]));
  for (std::int64_t i = 0; i < n; ++i) {
    if (type == CacheType::int8) {
      x[i] = most > 0 ? std::nearbyint(x[i] * (127.0F / most)) * (most / 127.0F) : 0.0F;
    } else {
      const auto bits = std::bit_cast<std::uint32_t>(x[i]);
      x[i] = std::bit_cast<float>((bits + 0x7FFFU + (bits >> 16 & 1U)) & 0xFFFF0000U);
    }
  }
}

/// One sequence of `length` tokens: softmax(q k' / sqrt(size)) v of every head.
std::vector<double> plain(const AttentionShape& s, const Tensor& qkv) {
  const std::int64_t length = qkv.rows(), size = s.head_size, group = s.heads / s.kv_heads;
  std::vector<double> out(static_cast<std::size_t>(length * s.heads * size));
  for (std::int64_t t = 0; t < length; ++t)
    for (std::int64_t h = 0; h < s.heads; ++h) {
      const float* const query = qkv.row(t) + h * size;
      const auto key = [&](std::int64_t u) { return qkv.row(u) + (s.heads + h / group) * size; };
      const auto value = [&](std::int64_t u) { return key(u) + s.kv_heads * size; };
      std::vector<double> weights;
      double sum = 0;
      const std::int64_t first = s.window > 0 ? std::max<std::int64_t>(0, t + 1 - s.window) : 0;
      for (std::int64_t u = first; u <= t; ++u) {
        double score = 0;
        for (std::int64_t i = 0; i < size; ++i) score += static_cast<double>(query[i]) * static_cast<double>(key(u)[i]);
        weights.push_back(std::exp(score / std::sqrt(static_cast<double>(size))));
        sum += weights.back();
      }
      for (std::int64_t u = first; u <= t; ++u)
        for (std::int64_t i = 0; i < size; ++i)
          out[static_cast<std::size_t>((t * s.heads + h) * size + i)] +=
              weights[static_cast<std::size_t>(u - first)] / sum * static_cast<double>(value(u)[i]);
    }
  return out;
}

}  // namespace

TEST_CASE("attention: over a cache of any type, on random shapes") {
  Random random(11);
  Threads threads(2);
  for (int round = 0; round < 24; ++round) {
    const std::int64_t kv = 1 + random.below(3), heads = kv * (1 + random.below(4));
    AttentionShape shape{heads, kv, 4 * (1 + static_cast<std::int64_t>(random.below(20)))};
    if (round % 4 == 3) shape.window = 1 + random.below(50);
    const std::int64_t length = 1 + random.below(150), size = shape.head_size;
    const CacheType type = static_cast<CacheType>(round % 3);
    INFO("type " << round % 3 << ", " << heads << " / " << kv << " heads of " << size << ", " << length
                 << " tokens, window " << shape.window);
    const Tensor qkv = random_tensor(Shape::matrix(length, (heads + 2 * kv) * size), static_cast<std::uint64_t>(round));
    Tensor rounded = qkv.clone();
    for (std::int64_t t = 0; t < length; ++t)
      for (std::int64_t h = heads; h < heads + 2 * kv; ++h) round_as(type, size, rounded.row(t) + h * size);
    const std::vector<double> expected = plain(shape, rounded);

    const std::int64_t first = 64 * static_cast<std::int64_t>(random.below(3));  // other layers lie before
    const auto bytes = static_cast<std::size_t>(first + kv * CacheView::head_bytes(type, size));
    std::vector<std::vector<float>> memory;
    std::vector<std::byte*> blocks;
    for (std::int64_t t = 0; t < length; t += CacheView::kTokens) {
      memory.emplace_back(bytes / sizeof(float) + 1, 777.0F);
      blocks.push_back(reinterpret_cast<std::byte*>(memory.back().data()));
    }
    const std::vector<std::int32_t> offsets{0, static_cast<std::int32_t>(blocks.size())};
    const CacheView view{blocks, offsets, first, type, nullptr};
    Arena arena(1 << 26);
    double largest = 0;
    for (std::int64_t done = 0; done < length;) {  // pieces of any length, single tokens among them
      const std::int64_t more = std::min<std::int64_t>(length - done, random.below(2) == 0 ? 1 : 1 + random.below(80));
      Batch batch;
      batch.add({std::vector<std::int32_t>(static_cast<std::size_t>(more), 1), {}});
      batch.past = {static_cast<std::int32_t>(done)};
      Tape tape(arena, false);
      const Tensor part = tape.empty(more, qkv.columns());
      std::copy_n(qkv.row(done), part.size(), part.data());
      Variable y;
      threads.run([&] { y = attention_cached(tape.variable(part, false), batch, shape, view); });
      for (std::int64_t i = 0; i < y.value().size(); ++i)
        largest = std::max(largest, std::abs(static_cast<double>(y.value().data()[i]) -
                                             expected[static_cast<std::size_t>(done * heads * size + i)]));
      done += more;
    }
    CHECK(largest < 2e-5);
    for (const auto& block : memory) CHECK(block.back() == 777.0F);
  }
}
