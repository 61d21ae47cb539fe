// Random numbers from counters: the same seed and coordinates give the same number on any thread and after any restart.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace gpt {

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four 32-bit words of a
/// 128-bit counter under a 64-bit key.
std::array<std::uint32_t, 4> philox(std::uint64_t key, std::uint64_t counter_high, std::uint64_t counter_low) noexcept;

/// A stream of numbers: (seed, stream) names it, position says how many words were taken. Copyable; its whole state is
/// the three numbers.
class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) noexcept : seed_(seed), stream_(stream) {}

  std::uint32_t next() noexcept;
  /// Uniform in [0, 1), 24 bits.
  float uniform() noexcept;
  /// Uniform in [0, bound), without bias; bound > 0.
  std::uint32_t below(std::uint32_t bound) noexcept;
  /// Normal with mean 0 and deviation 1 (Box-Muller).
  float normal() noexcept;

 private:
  std::uint64_t seed_, stream_, position_ = 0;
  std::array<std::uint32_t, 4> block_{};
};

/// The numbers 0 .. count-1 in a random order (Fisher-Yates).
std::vector<std::uint32_t> permutation(std::size_t count, Random random);

}  // namespace gpt
