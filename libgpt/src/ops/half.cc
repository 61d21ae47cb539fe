#include "ops/half.h"

#include "kernels/bfloat16.h"
#include "ops/rowwise.h"

namespace gpt {

Half::Half(Arena& arena, const float* data, std::int64_t rows, std::int64_t columns, std::int64_t stride)
    : memory_(arena, Shape::vector((half_padded(rows) * columns + 1) / 2)), columns_(columns) {
  auto* const out = reinterpret_cast<std::uint16_t*>(memory_.data());
  for_rows(rows, columns, [&](std::int64_t first, std::int64_t count) {
    for (std::int64_t r = first; r < first + count; ++r)
      kernels::to_bfloat16(columns, data + r * stride, out + r * columns);
  });
  std::fill_n(out + rows * columns, (half_padded(rows) - rows) * columns, std::uint16_t{0});
}

}  // namespace gpt
