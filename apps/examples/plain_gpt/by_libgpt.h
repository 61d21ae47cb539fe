// Runs an operation of libgpt with a given gradient of its output, and collects what comes back.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gpt/ops/variable.h"
#include "matrix.h"

namespace plain {

Matrix from_tensor(const gpt::Tensor& tensor);
gpt::Tensor to_tensor(const Matrix& matrix, bool vector = false);
/// A trainable parameter; `vector`: of one dimension.
gpt::Parameter parameter(std::string name, const Matrix& value, bool vector = false);

using Operation = std::function<gpt::Variable(gpt::Tape&, const std::vector<gpt::Variable>&)>;

struct Outcome {
  Matrix output;
  std::vector<Matrix> inputs;  ///< d inputs
};
/// Forward, then backward from the loss sum(dy * output). Gradients of parameters stay in them.
Outcome run(const std::vector<Matrix>& inputs, const Matrix& dy, const Operation& operation);

}  // namespace plain
