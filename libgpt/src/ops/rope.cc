#include "gpt/ops/rope.h"

#include <cmath>
#include <vector>

#include "ops/rowwise.h"

namespace gpt {

float rope_frequency(std::int64_t pair, std::int64_t rotated, double theta, const std::optional<RopeScaling>& scaling) {
  const float frequency =
      1.0F / static_cast<float>(
                 std::pow(static_cast<float>(theta), static_cast<float>(2 * pair) / static_cast<float>(rotated)));
  if (!scaling) return frequency;
  const auto context = static_cast<float>(scaling->original_context), factor = static_cast<float>(scaling->factor),
             low = static_cast<float>(scaling->low_frequency_factor),
             high = static_cast<float>(scaling->high_frequency_factor);
  const float wavelength = 6.283185307179586F / frequency;
  if (wavelength > context / low) return frequency / factor;
  if (wavelength < context / high) return frequency;
  const float slope = (context / wavelength - low) / (high - low);
  return (1.0F - slope) * frequency / factor + slope * frequency;
}

RopeTable make_rope(std::int64_t positions, std::int64_t rotated, double theta,
                    const std::optional<RopeScaling>& scaling) {
  const std::int64_t half = rotated / 2;
  RopeTable table{Tensor::zeros(Shape::matrix(positions, half)), Tensor::zeros(Shape::matrix(positions, half))};
  std::vector<float> frequencies(static_cast<std::size_t>(half));
  for (std::int64_t i = 0; i < half; ++i)
    frequencies[static_cast<std::size_t>(i)] = rope_frequency(i, rotated, theta, scaling);
  for_rows(table.cosine, [&](std::int64_t row, std::int64_t rows) {
    for (std::int64_t p = row; p < row + rows; ++p)
      for (std::int64_t i = 0; i < half; ++i) {
        const float angle = static_cast<float>(p) * frequencies[static_cast<std::size_t>(i)];
        table.cosine.row(p)[i] = std::cos(angle);
        table.sine.row(p)[i] = std::sin(angle);
      }
  });
  return table;
}

}  // namespace gpt
