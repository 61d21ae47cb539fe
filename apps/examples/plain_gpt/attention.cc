#include "attention.h"

#include <cmath>

#include "formulas.h"

namespace plain {

void rotate(double* x, std::size_t n, double position, double theta, double direction) {
  const std::size_t half = n / 2;
  for (std::size_t i = 0; i < half; ++i) {
    const double angle = direction * position * std::pow(theta, -2 * static_cast<double>(i) / static_cast<double>(n));
    const double a = x[i], b = x[i + half];
    x[i] = a * std::cos(angle) - b * std::sin(angle);
    x[i + half] = a * std::sin(angle) + b * std::cos(angle);
  }
}

namespace {

void rotate_rows(Matrix& qkv, const AttentionShape& shape, double direction) {
  for (std::size_t t = 0; shape.theta > 0 && t < qkv.rows; ++t)
    for (std::size_t h = 0; h < shape.heads + shape.kv_heads; ++h)
      rotate(&qkv(t, h * shape.head_size), shape.head_size, static_cast<double>(t), shape.theta, direction);
}

/// Columns where the parts of query head h start.
struct Columns {
  std::size_t query, key, value, out;
  Columns(const AttentionShape& s, std::size_t h)
      : query(h * s.head_size),
        key((s.heads + h / (s.heads / s.kv_heads)) * s.head_size),
        value(key + s.kv_heads * s.head_size),
        out(query) {}
};

/// The first key that query i sees.
std::size_t first_key(const AttentionShape& shape, std::size_t i) {
  return shape.window > 0 && i >= shape.window ? i - shape.window + 1 : 0;
}

/// softmax of the scores of query i against the keys it sees up to its own; 0 for those before.
std::vector<double> weights_of(const Matrix& qkv, const AttentionShape& shape, const Columns& at, std::size_t i) {
  std::vector<double> scores;
  const std::size_t first = first_key(shape, i);
  for (std::size_t j = first; j <= i; ++j) {
    double dot = 0;
    for (std::size_t k = 0; k < shape.head_size; ++k) dot += qkv(i, at.query + k) * qkv(j, at.key + k);
    scores.push_back(dot / std::sqrt(static_cast<double>(shape.head_size)));
  }
  std::vector<double> weights = softmax(scores);
  weights.insert(weights.begin(), first, 0.0);
  return weights;
}

}  // namespace

Matrix attention(const Matrix& projected, const AttentionShape& shape, std::vector<Matrix>* weights) {
  Matrix qkv = projected, y(qkv.rows, shape.heads * shape.head_size);
  rotate_rows(qkv, shape, 1);
  if (weights != nullptr) weights->assign(shape.heads, Matrix(qkv.rows, qkv.rows));
  for (std::size_t h = 0; h < shape.heads; ++h) {
    const Columns at(shape, h);
    for (std::size_t i = 0; i < qkv.rows; ++i) {
      const std::vector<double> p = weights_of(qkv, shape, at, i);
      for (std::size_t j = 0; j <= i; ++j) {
        if (weights != nullptr) (*weights)[h](i, j) = p[j];
        for (std::size_t k = 0; k < shape.head_size; ++k) y(i, at.out + k) += p[j] * qkv(j, at.value + k);
      }
    }
  }
  return y;
}

Matrix attention_backward(const Matrix& projected, const AttentionShape& shape, const Matrix& dy) {
  Matrix qkv = projected, d(qkv.rows, qkv.columns);
  rotate_rows(qkv, shape, 1);
  const double scale = 1 / std::sqrt(static_cast<double>(shape.head_size));
  for (std::size_t h = 0; h < shape.heads; ++h) {
    const Columns at(shape, h);
    for (std::size_t i = 0; i < qkv.rows; ++i) {
      const std::vector<double> p = weights_of(qkv, shape, at, i);
      std::vector<double> dp(i + 1, 0.0);
      for (std::size_t j = 0; j <= i; ++j)
        for (std::size_t k = 0; k < shape.head_size; ++k) {
          dp[j] += dy(i, at.out + k) * qkv(j, at.value + k);
          d(j, at.value + k) += p[j] * dy(i, at.out + k);
        }
      const std::vector<double> ds = softmax_backward(p, dp);
      for (std::size_t j = 0; j <= i; ++j)
        for (std::size_t k = 0; k < shape.head_size; ++k) {
          d(i, at.query + k) += scale * ds[j] * qkv(j, at.key + k);
          d(j, at.key + k) += scale * ds[j] * qkv(i, at.query + k);
        }
    }
  }
  rotate_rows(d, shape, -1);
  return d;
}

}  // namespace plain
