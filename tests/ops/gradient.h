// Gradients against finite differences: any operation, its inputs and its parameters.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gpt/core/random.h"
#include "gpt/ops/batch.h"
#include "gpt/ops/variable.h"
#include "support/catch.h"

namespace gpt::test {

inline Tensor random_tensor(Shape shape, std::uint64_t seed, float spread = 1.0F) {
  Tensor tensor = Tensor::zeros(shape);
  Random random(seed);
  for (float& v : tensor.values()) v = spread * random.normal();
  return tensor;
}

inline Parameter make_parameter(std::string name, Shape shape, std::uint64_t seed, float spread = 1.0F) {
  Parameter p;
  p.name = std::move(name);
  p.value = random_tensor(shape, seed, spread);
  p.set_trainable(true);
  return p;
}

/// Sequences of these lengths with ids below the vocabulary.
inline Batch make_batch(std::span<const int> lengths, std::int32_t vocabulary = 10) {
  Batch batch;
  Random random(17);
  for (const int length : lengths) {
    Example example;
    for (int i = 0; i < length; ++i)
      example.tokens.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(vocabulary))));
    batch.add(example);
  }
  return batch;
}

/// loss = sum of outputs times fixed weights: a way into the tape for operations whose result is no single number.
class WeightedSum final : public Node {
 public:
  WeightedSum(std::vector<Variable> outputs, Variable loss) : outputs_(std::move(outputs)), loss_(std::move(loss)) {}

  static float weight(std::size_t output, std::size_t element) {
    return static_cast<float>(philox(99, output, element)[0] % 2001U) / 1000.0F - 1.0F;
  }

  void backward() override {
    for (std::size_t o = 0; o < outputs_.size(); ++o) {
      if (!outputs_[o].needs_grad()) continue;
      Tensor grad = outputs_[o].tape().empty(outputs_[o].rows(), outputs_[o].columns());
      for (std::size_t i = 0; i < grad.values().size(); ++i) grad.values()[i] = weight(o, i) * loss_.grad().data()[0];
      add_grad(outputs_[o], std::move(grad));
    }
  }

 private:
  std::vector<Variable> outputs_;
  Variable loss_;
};

struct GradientCheck {
  using Operation = std::function<std::vector<Variable>(Tape&, const std::vector<Variable>&)>;

  std::vector<Tensor> inputs;          ///< values of the variables that the operation gets
  std::vector<Parameter*> parameters;  ///< those that train are checked
  Operation operation;
  bool is_loss = false;        ///< its one output is the loss itself
  double tolerance = 2e-3;     ///< of the tensor's largest gradient
  std::int64_t elements = 40;  ///< checked in each tensor

  /// Every gradient agrees with differences of the loss, adds up over two passes, and no memory is left. Those of one
  /// pass are in the parameters afterwards.
  void run() const {
    Arena arena(std::size_t{1} << 30);
    const std::vector<Tensor> grads = backward(arena);
    std::vector<Tensor> weight_grads;  // copies: a fused loss adds to them on every pass
    for (const Parameter* p : parameters) {
      if (p->trainable) CHECK_FALSE(p->grad_fresh);
      weight_grads.push_back(p->trainable ? p->grad.clone() : Tensor());
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      INFO("gradient of input " << i);
      compare(arena, inputs[i], grads[i]);
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (!parameters[i]->trainable) continue;
      INFO("gradient of " << parameters[i]->name);
      compare(arena, parameters[i]->value, weight_grads[i]);
    }
    adds_up(arena);
    for (Parameter* p : parameters) p->zero_grad();
    CHECK(arena.in_use() == 0);
    backward(arena);
  }

 private:
  /// The loss; backward too where `grads` is given.
  double pass(Arena& arena, std::vector<Tensor>* grads) const {
    Tape tape(arena, true, 5, 3);
    std::vector<Variable> variables;
    for (const Tensor& input : inputs) variables.push_back(tape.variable(input.clone(), true));
    const std::vector<Variable> outputs = operation(tape, variables);
    double value = 0;
    Variable loss = outputs.front();
    if (is_loss) {
      value = static_cast<double>(loss.value().data()[0]);
    } else {
      for (std::size_t o = 0; o < outputs.size(); ++o)
        for (std::size_t i = 0; i < outputs[o].value().values().size(); ++i)
          value += static_cast<double>(outputs[o].value().values()[i]) * static_cast<double>(WeightedSum::weight(o, i));
      loss = tape.variable(tape.empty(1, 1), true);
      tape.record<WeightedSum>(outputs, loss);
    }
    if (grads == nullptr) return value;
    tape.backward(loss);
    for (const Variable& v : variables)
      grads->push_back(v.grad() ? v.grad().clone() : Tensor::zeros(v.value().shape()));
    return value;
  }

  std::vector<Tensor> backward(Arena& arena) const {
    for (Parameter* p : parameters) p->zero_grad();
    std::vector<Tensor> grads;
    pass(arena, &grads);
    return grads;
  }

  /// The slope of the loss along one value: differences of fourth order.
  double slope(Arena& arena, float& value) const {
    const float old = value, h = 0.02F;
    const auto at = [&](float shift) {
      value = old + shift;
      const double loss = pass(arena, nullptr);
      value = old;
      return loss;
    };
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * static_cast<double>(h));
  }

  void compare(Arena& arena, const Tensor& value, const Tensor& grad) const {
    REQUIRE(grad.size() == value.size());
    double largest = 1e-2;
    for (const float g : grad.values()) largest = std::max(largest, std::abs(static_cast<double>(g)));
    double worst = 0;
    std::int64_t where = -1;
    const std::int64_t count = std::min(elements, value.size());
    for (std::int64_t i = 0; i < count; ++i) {  // spread over the tensor, both ends among them
      const std::int64_t at = count == 1 ? 0 : i * (value.size() - 1) / (count - 1);
      const double error = std::abs(slope(arena, value.data()[at]) - static_cast<double>(grad.data()[at]));
      if (!(error <= worst)) {
        worst = error;
        where = at;
      }
    }
    INFO("worst at " << where << " of " << value.size());
    CHECK(worst <= tolerance * largest);
  }

  void adds_up(Arena& arena) const {
    std::vector<Tensor> once, ignored;
    backward(arena);
    for (Parameter* p : parameters) once.push_back(p->trainable ? p->grad.clone() : Tensor());
    pass(arena, &ignored);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      double worst = 0, largest = 1e-6;
      for (std::int64_t j = 0; j < once[i].size(); ++j) {
        const auto one = static_cast<double>(once[i].data()[j]),
                   two = static_cast<double>(parameters[i]->grad.data()[j]);
        worst = std::max(worst, std::abs(two - 2 * one));
        largest = std::max(largest, std::abs(one));
      }
      INFO("second pass of " << parameters[i]->name);
      CHECK(worst <= 1e-5 * largest);
    }
  }
};

/// The operation's outputs on a tape that does or does not record.
inline std::vector<Tensor> outputs_of(const GradientCheck::Operation& operation, const std::vector<Tensor>& inputs,
                                      bool recording) {
  Arena arena(std::size_t{1} << 30);
  Tape tape(arena, recording, 5, 3);
  std::vector<Variable> variables;
  for (const Tensor& input : inputs) variables.push_back(tape.variable(input.clone(), true));
  std::vector<Tensor> values;
  for (const Variable& output : operation(tape, variables)) values.push_back(output.value().clone());
  return values;
}

/// The largest difference, relative where the expected value is above 1.
inline double difference(const Tensor& actual, const std::vector<double>& expected) {
  REQUIRE(actual.values().size() == expected.size());
  double largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double d =
        std::abs(static_cast<double>(actual.values()[i]) - expected[i]) / std::max(1.0, std::abs(expected[i]));
    if (!(d <= largest)) largest = d;
  }
  return largest;
}

inline bool equal(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::equal(a.values().begin(), a.values().end(), b.values().begin());
}

}  // namespace gpt::test
