#include "gpt/tensor/gemm.h"

#include <algorithm>

#include "gpt/tensor/parallel.h"
#include "tensor/onednn.h"

namespace gpt {
namespace {

/// How a length is cut: parts of equal size, a multiple of `unit`, about `target` long.
struct Cut {
  std::int64_t parts, size;
};

Cut cut(std::int64_t length, std::int64_t target, std::int64_t unit) {
  const std::int64_t parts = std::max<std::int64_t>(1, (length + target / 2) / target);
  const std::int64_t size = (length + parts - 1) / parts;
  const std::int64_t rounded = (size + unit - 1) / unit * unit;
  return {(length + rounded - 1) / rounded, rounded};
}

}  // namespace

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c,
          std::int64_t stride, const std::function<void(const Tile&)>& finish) {
  if (m == 0 || n == 0) return;
  // Depends on the shape only: many rows a tile (its part of b is packed once for all of them), and narrower tiles
  // where there would be too few to share (benchmarks/README.md, "tiles").
  const Cut rows = cut(m, 512, 16);
  const Cut wide = cut(n, 192, 48);
  const Cut columns = rows.parts * wide.parts >= 8 ? wide : cut(n, 96, 48);
  parallel_for(rows.parts * columns.parts, [&](std::int64_t index) {
    const std::int64_t row = index / columns.parts * rows.size, column = index % columns.parts * columns.size;
    const Tile tile{row, std::min(rows.size, m - row), column, std::min(columns.size, n - column)};
    onednn::sgemm(a.transposed, b.transposed, tile.rows, tile.columns, k, alpha,
                  a.data + (a.transposed ? row : row * a.stride), a.stride,
                  b.data + (b.transposed ? column * b.stride : column), b.stride, beta, c + row * stride + column,
                  stride);
    if (finish) finish(tile);
  });
}

}  // namespace gpt
