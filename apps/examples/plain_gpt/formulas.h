// The operations of a GPT as the guide writes them, forward and backward: plain loops in double precision, one formula
// after the other. "d" before a name is the derivative of the loss by it.
#pragma once

#include <cstdint>
#include <vector>

#include "matrix.h"

namespace plain {

/// y = x W' + b; W is [outputs, inputs], b null or [1, outputs].
Matrix linear(const Matrix& x, const Matrix& weight, const Matrix* bias = nullptr);
struct LinearGradients {
  Matrix x, weight, bias;
};
LinearGradients linear_backward(const Matrix& x, const Matrix& weight, const Matrix& dy);

/// y = x W' + scale (x A') B': A [rank, inputs], B [outputs, rank].
Matrix lora(const Matrix& x, const Matrix& weight, const Matrix& a, const Matrix& b, double scale);
struct LoraGradients {
  Matrix x, a, b;
};
LoraGradients lora_backward(const Matrix& x, const Matrix& weight, const Matrix& a, const Matrix& b, double scale,
                            const Matrix& dy);

struct NormGradients {
  Matrix x, weight, bias;
};
/// Row by row: y = w (x - mean) / sqrt(variance + epsilon) + b.
Matrix layer_norm(const Matrix& x, const Matrix& weight, const Matrix& bias, double epsilon);
NormGradients layer_norm_backward(const Matrix& x, const Matrix& weight, double epsilon, const Matrix& dy);
/// Row by row: y = w x / sqrt(mean of squares + epsilon).
Matrix rms_norm(const Matrix& x, const Matrix& weight, double epsilon);
NormGradients rms_norm_backward(const Matrix& x, const Matrix& weight, double epsilon, const Matrix& dy);

/// y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
Matrix gelu(const Matrix& x);
Matrix gelu_backward(const Matrix& x, const Matrix& dy);
/// y = x/2 (1 + erf(x / sqrt(2)))
Matrix exact_gelu(const Matrix& x);
Matrix exact_gelu_backward(const Matrix& x, const Matrix& dy);
/// The left half of x is the gate, the right half what it lets through: y = g sigmoid(g) u.
Matrix swiglu(const Matrix& x);
Matrix swiglu_backward(const Matrix& x, const Matrix& dy);

std::vector<double> softmax(const std::vector<double>& x);
/// p = softmax(x): dx_j = p_j (dp_j - sum_k p_k dp_k)
std::vector<double> softmax_backward(const std::vector<double>& p, const std::vector<double>& dp);

/// Row i of the result is row ids[i] of the table.
Matrix embedding(const Matrix& table, const std::vector<std::int32_t>& ids);
/// The gradient of a table with `rows` rows.
Matrix embedding_backward(std::size_t rows, const std::vector<std::int32_t>& ids, const Matrix& dy);

/// The mean over rows of -log softmax(row)[target], and its derivative by the logits; target -1: the row does not
/// count.
struct CrossEntropy {
  double loss = 0;
  Matrix dlogits;
};
CrossEntropy cross_entropy(const Matrix& logits, const std::vector<std::int32_t>& targets);

/// Other losses, each a sum, with its derivative by the first argument.
struct Loss {
  double value = 0;
  Matrix gradient;
};
/// Targets are spread: q = weights[c] ((1 - smoothing) [c is the target] + smoothing / classes).
Loss smoothed_cross_entropy(const Matrix& logits, const std::vector<std::int32_t>& targets,
                            const std::vector<double>& weights, double smoothing);
/// -(t log sigmoid(z) + (1 - t) log(1 - sigmoid(z))) over all entries.
Loss binary_cross_entropy(const Matrix& logits, const Matrix& targets);
/// (x - t)^2 over all entries.
Loss squared_error(const Matrix& outputs, const Matrix& targets);
/// The mean of two cross entropies over the rows: of `first` by column 0, of `last` by column 1.
Loss span_loss(const Matrix& logits, std::size_t first, std::size_t last);

/// What AdamW keeps of a weight.
struct AdamWState {
  Matrix first, second;
  int steps = 0;
};
struct AdamWOptions {
  double learning_rate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
};
void adamw(Matrix& weight, const Matrix& grad, AdamWState& state, const AdamWOptions& options);
/// What gradients of this norm are multiplied with so that it is at most `limit`.
double clip_factor(double norm, double limit);

}  // namespace plain
