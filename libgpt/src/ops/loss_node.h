// What losses share: gradients that were made with the value.
#pragma once

#include <utility>

#include "gpt/ops/variable.h"
#include "kernels/elementwise.h"

namespace gpt {

class LossNode final : public Node {
 public:
  LossNode(Gradient input, Gradient loss, Tensor grad)
      : input_(std::move(input)), loss_(std::move(loss)), grad_(std::move(grad)) {}

  void backward() override {
    if (!loss_.grad() || !input_.needs_grad()) return;
    const float up = loss_.grad().data()[0];
    if (up != 1.0F) kernels::scale(grad_.size(), up, grad_.data(), grad_.data());
    add_grad(input_, std::move(grad_));
  }

 private:
  Gradient input_, loss_;
  Tensor grad_;
};

/// A loss of one number. `grad`, wanted where the input needs one: d loss / d input.
inline Variable make_loss(const Variable& input, double value, Tensor grad) {
  Tape& tape = input.tape();
  Variable loss = tape.variable(tape.empty(1, 1), input.needs_grad());
  loss.value().data()[0] = static_cast<float>(value);
  if (loss.needs_grad()) tape.record<LossNode>(input, loss, std::move(grad));
  return loss;
}

}  // namespace gpt
