#include "by_libgpt.h"

#include <algorithm>

namespace plain {

Matrix from_tensor(const gpt::Tensor& tensor) {
  Matrix out(static_cast<std::size_t>(tensor.rows()), static_cast<std::size_t>(tensor.columns()));
  std::copy(tensor.values().begin(), tensor.values().end(), out.values.begin());
  return out;
}

gpt::Tensor to_tensor(const Matrix& matrix, bool vector) {
  const auto rows = static_cast<std::int64_t>(matrix.rows), columns = static_cast<std::int64_t>(matrix.columns);
  gpt::Tensor out = gpt::Tensor::zeros(vector ? gpt::Shape::vector(rows * columns) : gpt::Shape::matrix(rows, columns));
  std::transform(matrix.values.begin(), matrix.values.end(), out.values().begin(),
                 [](double value) { return static_cast<float>(value); });
  return out;
}

gpt::Parameter parameter(std::string name, const Matrix& value, bool vector) {
  gpt::Parameter out;
  out.name = std::move(name);
  out.value = to_tensor(value, vector);
  out.set_trainable(true);
  return out;
}

namespace {

/// loss = sum of dy * y
class WeightedSum final : public gpt::Node {
 public:
  WeightedSum(gpt::Variable y, const Matrix& dy) : y_(std::move(y)), dy_(dy) {}

  void backward() override {
    gpt::Tensor grad = y_.tape().empty(y_.rows(), y_.columns());
    std::transform(dy_.values.begin(), dy_.values.end(), grad.values().begin(),
                   [](double value) { return static_cast<float>(value); });
    add_grad(y_, std::move(grad));
  }

 private:
  gpt::Variable y_;
  const Matrix& dy_;
};

}  // namespace

Outcome run(const std::vector<Matrix>& inputs, const Matrix& dy, const Operation& operation) {
  gpt::Arena arena(std::size_t{1} << 30);
  gpt::Tape tape(arena, true);
  std::vector<gpt::Variable> variables;
  for (const Matrix& input : inputs) variables.push_back(tape.variable(to_tensor(input), true));
  const gpt::Variable y = operation(tape, variables);
  Outcome out{from_tensor(y.value()), {}};
  const gpt::Variable loss = tape.variable(tape.empty(1, 1), true);
  tape.record<WeightedSum>(y, dy);
  tape.backward(loss);
  for (const gpt::Variable& v : variables)
    out.inputs.push_back(v.grad() ? from_tensor(v.grad())
                                  : Matrix(static_cast<std::size_t>(v.rows()), static_cast<std::size_t>(v.columns())));
  return out;
}

}  // namespace plain
