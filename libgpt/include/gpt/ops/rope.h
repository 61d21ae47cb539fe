// Rotary positions (RoFormer: Su et al., 2021).
#pragma once

#include <cstdint>
#include <optional>

#include "gpt/tensor/tensor.h"

namespace gpt {

/// Llama 3's stretched frequencies: wavelengths beyond original_context / low_frequency_factor positions are `factor`
/// times as long, those below original_context / high_frequency_factor stay, and between them there is a slope.
struct RopeScaling {
  double factor = 1, low_frequency_factor = 1, high_frequency_factor = 4;
  std::int64_t original_context = 0;
  bool operator==(const RopeScaling&) const = default;
};

/// Cosines and sines of the rotary angles, [positions, half] each: at position p, pair i turns by p times its
/// frequency, theta^(-i / half) or what the scaling makes of it. Pairs are (i, i + half), as Transformers lays heads
/// out.
struct RopeTable {
  Tensor cosine, sine;
  std::int64_t half() const noexcept { return cosine.columns(); }
};

/// `rotated`: values of a head that turn, an even number; those behind them stay.
RopeTable make_rope(std::int64_t positions, std::int64_t rotated, double theta,
                    const std::optional<RopeScaling>& scaling = {});

/// The frequency of pair i, in float32 as Transformers computes it.
float rope_frequency(std::int64_t pair, std::int64_t rotated, double theta, const std::optional<RopeScaling>& scaling);

}  // namespace gpt
