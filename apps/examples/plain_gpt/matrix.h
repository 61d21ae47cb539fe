// A matrix of doubles for formulas written as plain loops.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace plain {

/// Row-major, [rows, columns].
struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<double> values;

  Matrix() = default;
  Matrix(std::size_t r, std::size_t c) : rows(r), columns(c), values(r * c, 0.0) {}
  Matrix(std::size_t r, std::size_t c, std::vector<double> v) : rows(r), columns(c), values(std::move(v)) {}

  double& operator()(std::size_t r, std::size_t c) { return values[r * columns + c]; }
  double operator()(std::size_t r, std::size_t c) const { return values[r * columns + c]; }
};

/// to += what
inline void add_to(Matrix& to, const Matrix& what) {
  for (std::size_t i = 0; i < to.values.size(); ++i) to.values[i] += what.values[i];
}

}  // namespace plain
