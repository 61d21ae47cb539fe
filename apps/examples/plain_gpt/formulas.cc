#include "formulas.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace plain {

Matrix linear(const Matrix& x, const Matrix& weight, const Matrix* bias) {
  Matrix y(x.rows, weight.rows);
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t o = 0; o < weight.rows; ++o) {
      double sum = bias != nullptr ? bias->values[o] : 0.0;
      for (std::size_t i = 0; i < x.columns; ++i) sum += x(t, i) * weight(o, i);
      y(t, o) = sum;
    }
  return y;
}

LinearGradients linear_backward(const Matrix& x, const Matrix& weight, const Matrix& dy) {
  LinearGradients d{Matrix(x.rows, x.columns), Matrix(weight.rows, weight.columns), Matrix(1, weight.rows)};
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t o = 0; o < weight.rows; ++o) {
      d.bias(0, o) += dy(t, o);
      for (std::size_t i = 0; i < x.columns; ++i) {
        d.x(t, i) += dy(t, o) * weight(o, i);
        d.weight(o, i) += dy(t, o) * x(t, i);
      }
    }
  return d;
}

Matrix lora(const Matrix& x, const Matrix& weight, const Matrix& a, const Matrix& b, double scale) {
  Matrix y = linear(x, weight), side = linear(linear(x, a), b);
  for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] += scale * side.values[i];
  return y;
}

LoraGradients lora_backward(const Matrix& x, const Matrix& weight, const Matrix& a, const Matrix& b, double scale,
                            const Matrix& dy) {
  Matrix scaled = dy;
  for (double& value : scaled.values) value *= scale;
  const LinearGradients up = linear_backward(linear(x, a), b, scaled), down = linear_backward(x, a, up.x);
  LoraGradients d{linear_backward(x, weight, dy).x, down.weight, up.weight};
  add_to(d.x, down.x);
  return d;
}

namespace {

/// z = (x - mean) / deviation of one row, and 1 / deviation.
struct Normal {
  std::vector<double> z;
  double inverse;
};

Normal normalized(const Matrix& x, std::size_t row, double epsilon, bool centred) {
  const auto n = static_cast<double>(x.columns);
  double mean = 0, squares = 0;
  for (std::size_t i = 0; centred && i < x.columns; ++i) mean += x(row, i) / n;
  for (std::size_t i = 0; i < x.columns; ++i) squares += (x(row, i) - mean) * (x(row, i) - mean) / n;
  Normal out{{}, 1 / std::sqrt(squares + epsilon)};
  for (std::size_t i = 0; i < x.columns; ++i) out.z.push_back((x(row, i) - mean) * out.inverse);
  return out;
}

Matrix norm(const Matrix& x, const Matrix& weight, const Matrix* bias, double epsilon, bool centred) {
  Matrix y(x.rows, x.columns);
  for (std::size_t t = 0; t < x.rows; ++t) {
    const Normal row = normalized(x, t, epsilon, centred);
    for (std::size_t i = 0; i < x.columns; ++i)
      y(t, i) = weight.values[i] * row.z[i] + (bias != nullptr ? bias->values[i] : 0.0);
  }
  return y;
}

NormGradients norm_backward(const Matrix& x, const Matrix& weight, double epsilon, const Matrix& dy, bool centred) {
  NormGradients d{Matrix(x.rows, x.columns), Matrix(1, x.columns), Matrix(1, x.columns)};
  const auto n = static_cast<double>(x.columns);
  for (std::size_t t = 0; t < x.rows; ++t) {
    const Normal row = normalized(x, t, epsilon, centred);
    double mean_g = 0, mean_gz = 0;  // g = dy w
    for (std::size_t i = 0; i < x.columns; ++i) {
      const double g = dy(t, i) * weight.values[i];
      if (centred) mean_g += g / n;
      mean_gz += g * row.z[i] / n;
      d.weight.values[i] += dy(t, i) * row.z[i];
      d.bias.values[i] += dy(t, i);
    }
    for (std::size_t i = 0; i < x.columns; ++i)
      d.x(t, i) = row.inverse * (dy(t, i) * weight.values[i] - mean_g - row.z[i] * mean_gz);
  }
  return d;
}

}  // namespace

Matrix layer_norm(const Matrix& x, const Matrix& weight, const Matrix& bias, double epsilon) {
  return norm(x, weight, &bias, epsilon, true);
}
NormGradients layer_norm_backward(const Matrix& x, const Matrix& weight, double epsilon, const Matrix& dy) {
  return norm_backward(x, weight, epsilon, dy, true);
}
Matrix rms_norm(const Matrix& x, const Matrix& weight, double epsilon) {
  return norm(x, weight, nullptr, epsilon, false);
}
NormGradients rms_norm_backward(const Matrix& x, const Matrix& weight, double epsilon, const Matrix& dy) {
  return norm_backward(x, weight, epsilon, dy, false);
}

Matrix gelu(const Matrix& x) {
  Matrix y = x;
  for (double& v : y.values) v = v / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (v + 0.044715 * v * v * v)));
  return y;
}

Matrix gelu_backward(const Matrix& x, const Matrix& dy) {
  Matrix dx = dy;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double v = x.values[i], c = std::sqrt(2 / std::numbers::pi);
    const double t = std::tanh(c * (v + 0.044715 * v * v * v)), du = c * (1 + 3 * 0.044715 * v * v);
    dx.values[i] *= (1 + t) / 2 + v / 2 * (1 - t * t) * du;
  }
  return dx;
}

namespace {

/// The normal distribution function.
double below(double x) { return (1 + std::erf(x / std::numbers::sqrt2)) / 2; }

}  // namespace

Matrix exact_gelu(const Matrix& x) {
  Matrix y = x;
  for (double& v : y.values) v *= below(v);
  return y;
}

Matrix exact_gelu_backward(const Matrix& x, const Matrix& dy) {
  Matrix dx = dy;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double v = x.values[i];
    dx.values[i] *= below(v) + v * std::exp(-v * v / 2) / std::sqrt(2 * std::numbers::pi);
  }
  return dx;
}

Matrix swiglu(const Matrix& x) {
  Matrix y(x.rows, x.columns / 2);
  for (std::size_t t = 0; t < y.rows; ++t)
    for (std::size_t i = 0; i < y.columns; ++i) {
      const double g = x(t, i), u = x(t, y.columns + i);
      y(t, i) = g / (1 + std::exp(-g)) * u;
    }
  return y;
}

Matrix swiglu_backward(const Matrix& x, const Matrix& dy) {
  Matrix dx(x.rows, x.columns);
  for (std::size_t t = 0; t < dy.rows; ++t)
    for (std::size_t i = 0; i < dy.columns; ++i) {
      const double g = x(t, i), u = x(t, dy.columns + i), s = 1 / (1 + std::exp(-g));
      dx(t, i) = dy(t, i) * u * s * (1 + g * (1 - s));
      dx(t, dy.columns + i) = dy(t, i) * g * s;
    }
  return dx;
}

std::vector<double> softmax(const std::vector<double>& x) {
  const double top = *std::max_element(x.begin(), x.end());
  std::vector<double> p;
  double sum = 0;
  for (const double v : x) sum += p.emplace_back(std::exp(v - top));
  for (double& v : p) v /= sum;
  return p;
}

std::vector<double> softmax_backward(const std::vector<double>& p, const std::vector<double>& dp) {
  double correction = 0;
  for (std::size_t k = 0; k < p.size(); ++k) correction += p[k] * dp[k];
  std::vector<double> dx;
  for (std::size_t j = 0; j < p.size(); ++j) dx.push_back(p[j] * (dp[j] - correction));
  return dx;
}

Matrix embedding(const Matrix& table, const std::vector<std::int32_t>& ids) {
  Matrix y(ids.size(), table.columns);
  for (std::size_t t = 0; t < ids.size(); ++t)
    for (std::size_t i = 0; i < table.columns; ++i) y(t, i) = table(static_cast<std::size_t>(ids[t]), i);
  return y;
}

Matrix embedding_backward(std::size_t rows, const std::vector<std::int32_t>& ids, const Matrix& dy) {
  Matrix d(rows, dy.columns);
  for (std::size_t t = 0; t < ids.size(); ++t)
    for (std::size_t i = 0; i < dy.columns; ++i) d(static_cast<std::size_t>(ids[t]), i) += dy(t, i);
  return d;
}

CrossEntropy cross_entropy(const Matrix& logits, const std::vector<std::int32_t>& targets) {
  CrossEntropy out{0, Matrix(logits.rows, logits.columns)};
  const auto terms =
      static_cast<double>(targets.size()) - static_cast<double>(std::count(targets.begin(), targets.end(), -1));
  for (std::size_t t = 0; t < logits.rows; ++t) {
    if (targets[t] < 0) continue;
    const auto target = static_cast<std::size_t>(targets[t]), row = t * logits.columns;
    const auto first = logits.values.begin() + static_cast<std::ptrdiff_t>(row);
    const std::vector<double> p = softmax({first, first + static_cast<std::ptrdiff_t>(logits.columns)});
    out.loss -= std::log(p[target]) / terms;
    for (std::size_t k = 0; k < logits.columns; ++k) out.dlogits(t, k) = (p[k] - (k == target ? 1 : 0)) / terms;
  }
  return out;
}

Loss smoothed_cross_entropy(const Matrix& logits, const std::vector<std::int32_t>& targets,
                            const std::vector<double>& weights, double smoothing) {
  Loss out{0, Matrix(logits.rows, logits.columns)};
  const auto classes = static_cast<double>(logits.columns);
  for (std::size_t t = 0; t < logits.rows; ++t) {
    const auto first = logits.values.begin() + static_cast<std::ptrdiff_t>(t * logits.columns);
    const std::vector<double> p = softmax({first, first + static_cast<std::ptrdiff_t>(logits.columns)});
    std::vector<double> q;
    double all = 0;
    for (std::size_t c = 0; c < p.size(); ++c) {
      const double hit = static_cast<std::size_t>(targets[t]) == c ? 1 - smoothing : 0;
      all += q.emplace_back(weights[c] * (hit + smoothing / classes));
    }
    for (std::size_t c = 0; c < p.size(); ++c) {
      out.value -= q[c] * std::log(p[c]);
      out.gradient(t, c) = all * p[c] - q[c];
    }
  }
  return out;
}

Loss binary_cross_entropy(const Matrix& logits, const Matrix& targets) {
  Loss out{0, Matrix(logits.rows, logits.columns)};
  for (std::size_t i = 0; i < logits.values.size(); ++i) {
    const double s = 1 / (1 + std::exp(-logits.values[i])), t = targets.values[i];
    out.value -= t * std::log(s) + (1 - t) * std::log(1 - s);
    out.gradient.values[i] = s - t;
  }
  return out;
}

Loss squared_error(const Matrix& outputs, const Matrix& targets) {
  Loss out{0, Matrix(outputs.rows, outputs.columns)};
  for (std::size_t i = 0; i < outputs.values.size(); ++i) {
    const double error = outputs.values[i] - targets.values[i];
    out.value += error * error;
    out.gradient.values[i] = 2 * error;
  }
  return out;
}

Loss span_loss(const Matrix& logits, std::size_t first, std::size_t last) {
  Loss out{0, Matrix(logits.rows, 2)};
  for (std::size_t side = 0; side < 2; ++side) {
    std::vector<double> scores;
    for (std::size_t t = 0; t < logits.rows; ++t) scores.push_back(logits(t, side));
    const std::vector<double> p = softmax(scores);
    const std::size_t answer = side == 0 ? first : last;
    out.value -= std::log(p[answer]) / 2;
    for (std::size_t t = 0; t < p.size(); ++t) out.gradient(t, side) = (p[t] - (t == answer ? 1 : 0)) / 2;
  }
  return out;
}

void adamw(Matrix& weight, const Matrix& grad, AdamWState& state, const AdamWOptions& o) {
  if (state.steps == 0) state.first = state.second = Matrix(weight.rows, weight.columns);
  ++state.steps;
  const double correction1 = 1 - std::pow(o.beta1, state.steps), correction2 = 1 - std::pow(o.beta2, state.steps);
  for (std::size_t i = 0; i < weight.values.size(); ++i) {
    const double g = grad.values[i];
    double &w = weight.values[i], &m = state.first.values[i], &v = state.second.values[i];
    m = o.beta1 * m + (1 - o.beta1) * g;
    v = o.beta2 * v + (1 - o.beta2) * g * g;
    w -= o.learning_rate * o.weight_decay * w;
    w -= o.learning_rate * (m / correction1) / (std::sqrt(v / correction2) + o.epsilon);
  }
}

double clip_factor(double norm, double limit) { return norm > limit ? limit / (norm + 1e-6) : 1.0; }

}  // namespace plain
