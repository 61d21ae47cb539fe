#include "gpt/tensor/gemm.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "gpt/tensor/parallel.h"
#include "kernels/elementwise.h"
#include "kernels/half_gemm.h"
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

/// A size of tiles, and how many there must be of it: more and smaller ones are easier to share among threads.
struct TileSize {
  std::int64_t rows, columns, least_tiles;
};

/// The grid of tiles depends on the shape only: the first of the sizes that gives enough of them, and halves of an odd
/// few, of which one would be waited for.
template <typename Multiply>
void in_tiles(std::int64_t m, std::int64_t n, std::initializer_list<TileSize> sizes, const Multiply& multiply) {
  if (m == 0 || n == 0) return;
  constexpr std::int64_t kFew = 8;
  Cut rows{}, columns{};
  for (const TileSize& size : sizes) {
    rows = cut(m, size.rows, 32);
    columns = cut(n, size.columns, 48);
    if (rows.parts * columns.parts >= size.least_tiles) break;
  }
  if (const std::int64_t tiles = rows.parts * columns.parts; tiles < kFew && tiles % 2 == 1 && m >= 128)
    rows = cut(m, rows.size / 2, 32);
  parallel_for(rows.parts * columns.parts, [&](std::int64_t index) {
    const std::int64_t row = index / columns.parts * rows.size, column = index % columns.parts * columns.size;
    multiply(Tile{row, std::min(rows.size, m - row), column, std::min(columns.size, n - column)});
  });
}

template <typename Element>
const Element* corner(const Element* data, std::int64_t stride, bool transposed, std::int64_t row,
                      std::int64_t column) {
  return data + (transposed ? column * stride + row : row * stride + column);
}

/// A transposed matrix whose rows begin a multiple of 4 kB apart, copied to where they do not: there the values of a
/// column share a set of the first-level cache and push each other out. Others stay where they are. The copy is valid
/// until the thread asks for the next one.
Matrix spread(Matrix a, std::int64_t rows, std::int64_t columns) {
  if (!a.transposed || a.stride % 1024 != 0) return a;
  thread_local std::vector<float> work;
  const std::int64_t stride = columns + 16;
  work.resize(std::max(work.size(), static_cast<std::size_t>(rows * stride)));
  for (std::int64_t r = 0; r < rows; ++r) std::copy_n(a.data + r * a.stride, columns, work.data() + r * stride);
  return {work.data(), stride, true};
}

/// A product whose rows were padded goes through memory of its own: c ends before.
void multiply_padded(onednn::Bf16Product product, std::int64_t rows, const std::uint16_t* a, const std::uint16_t* b,
                     float* c, std::int64_t stride) {
  thread_local std::vector<float> work;
  work.resize(std::max(work.size(), static_cast<std::size_t>(product.m * product.n)));
  const bool add = std::exchange(product.add, false);
  product.ldc = product.n;
  onednn::multiply(product, a, b, work.data());
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* const from = work.data() + r * product.n;
    float* const to = c + r * stride;
    if (add) {
      kernels::add(product.n, to, from, to);
    } else {
      std::copy_n(from, product.n, to);
    }
  }
}

}  // namespace

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c,
          std::int64_t stride, const std::function<void(const Tile&)>& finish) {
  // A product as deep as a vocabulary goes part by part, so that the tiles share what they read of a and b.
  const Cut depth = cut(std::max<std::int64_t>(k, 1), 8192, 16);
  for (std::int64_t part = 0; part < depth.parts; ++part) {
    const std::int64_t from = part * depth.size, deep = std::min(depth.size, k - from);
    const auto multiply = [&](const Tile& tile) {
      const Matrix left =
          spread({corner(a.data, a.stride, a.transposed, tile.row, from), a.stride, a.transposed}, deep, tile.rows);
      onednn::sgemm(a.transposed, b.transposed, tile.rows, tile.columns, deep, alpha, left.data, left.stride,
                    corner(b.data, b.stride, b.transposed, from, tile.column), b.stride, part == 0 ? beta : 1.0F,
                    c + tile.row * stride + tile.column, stride);
      if (finish && part + 1 == depth.parts) finish(tile);
    };
    // What is read of a and b is copied once for a whole tile; of a transposed a the copy costs more.
    if (a.transposed) {
      in_tiles(m, n, {{1536, 768, 16}, {384, 768, 8}, {512, 384, 8}, {512, 192, 8}, {512, 96, 1}}, multiply);
    } else {
      in_tiles(m, n, {{512, 384, 12}, {512, 192, 8}, {512, 96, 1}}, multiply);
    }
  }
}

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, HalfMatrix a, HalfMatrix b, float beta, float* c,
          std::int64_t stride, const std::function<void(const Tile&)>& finish) {
  if (m <= kernels::kHalfGemmRows && !a.transposed && b.transposed) {
    in_tiles(m, n, {{512, 96, 8}, {512, 48, 1}}, [&](const Tile& tile) {
      kernels::half_gemm(tile.rows, tile.columns, k, a.data + tile.row * a.stride, a.stride,
                         b.data + tile.column * b.stride, b.stride, beta != 0.0F, c + tile.row * stride + tile.column,
                         stride);
      if (finish) finish(tile);
    });
    return;
  }
  // A transposed a is turned once for a whole tile.
  const TileSize widest = a.transposed ? TileSize{512, 768, 64} : TileSize{512, 384, 8};
  in_tiles(m, n, {widest, {512, 384, 8}, {512, 192, 1}}, [&](const Tile& tile) {
    const std::int64_t rows = a.transposed ? tile.rows : half_padded(tile.rows);
    const onednn::Bf16Product product{rows,         tile.columns, k,        a.transposed, b.transposed,
                                      beta != 0.0F, a.stride,     b.stride, stride};
    const std::uint16_t* const left = corner(a.data, a.stride, a.transposed, tile.row, 0);
    const std::uint16_t* const right = corner(b.data, b.stride, b.transposed, 0, tile.column);
    float* const out = c + tile.row * stride + tile.column;
    if (rows == tile.rows) {
      onednn::multiply(product, left, right, out);
    } else {
      multiply_padded(product, tile.rows, left, right, out, stride);
    }
    if (finish) finish(tile);
  });
}

bool hardware_bf16() noexcept { return onednn::has_bf16(); }

}  // namespace gpt
