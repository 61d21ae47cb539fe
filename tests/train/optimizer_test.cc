// AdamW over parameters: what decays, what is skipped, how norms add up.
#include "train/optimizer.h"

#include <cmath>

#include "support/catch.h"

using namespace gpt;

namespace {

Parameter parameter(Shape shape, float value, float grad) {
  Parameter p;
  p.value = Tensor::zeros(shape);
  p.value.fill(value);
  p.set_trainable(true);
  p.grad = Tensor::zeros(shape);
  p.grad.fill(grad);
  p.grad_fresh = false;
  return p;
}

TrainOptions decaying() {
  TrainOptions o;
  o.weight_decay = 0.1;
  return o;
}

}  // namespace

TEST_CASE("optimizer: matrices decay, vectors do not") {
  Parameter matrix = parameter(Shape::matrix(2, 3), 1.0F, 0.0F), vector = parameter(Shape::vector(6), 1.0F, 0.0F);
  AdamW optimizer({&matrix, &vector}, decaying());
  optimizer.step(0.5, 1);
  CHECK(optimizer.steps() == 1);
  for (const float v : matrix.value.values()) CHECK(v == Approx(0.95));
  for (const float v : vector.value.values()) CHECK(v == 1.0F);
}

TEST_CASE("optimizer: a parameter without a gradient in this step is left alone") {
  Parameter used = parameter(Shape::matrix(2, 3), 1.0F, 0.5F), unused = parameter(Shape::matrix(2, 3), 1.0F, 0.5F);
  AdamW optimizer({&used, &unused}, decaying());
  unused.zero_grad();
  CHECK(optimizer.grad_norm() == Approx(std::sqrt(6 * 0.25)));
  optimizer.step(0.1, 1);
  CHECK(used.value.data()[0] == Approx(0.99 - 0.1));
  CHECK(unused.value.data()[0] == 1.0F);
  CHECK(optimizer.first_moments()[1].data()[0] == 0.0F);
}

TEST_CASE("optimizer: gradients have memory where they were taken, and none after zero_grad") {
  Parameter matrix = parameter(Shape::matrix(2, 3), 1.0F, 0.5F), vector = parameter(Shape::vector(6), 1.0F, 0.5F);
  AdamW optimizer({&matrix, &vector}, decaying());
  optimizer.zero_grad();
  CHECK_FALSE(matrix.grad);
  CHECK_FALSE(vector.grad);
  Arena arena(1 << 20);
  optimizer.take_grads(arena);
  CHECK(matrix.grad.shape() == matrix.value.shape());
  CHECK(optimizer.grad_norm() == 0.0);  // memory, but nothing in it
  optimizer.step(0.1, 1);
  CHECK(matrix.value.data()[0] == 1.0F);
  CHECK(arena.in_use() > 0);
  optimizer.zero_grad();
  CHECK(arena.in_use() == 0);
}

TEST_CASE("optimizer: the first step is the learning rate, whatever the gradient's size") {
  for (const float grad : {1e-3F, 1.0F, 1e3F}) {
    Parameter p = parameter(Shape::vector(70000), 0.0F, grad);  // more than one chunk
    AdamW optimizer({&p}, {});
    CHECK(optimizer.grad_norm() == Approx(static_cast<double>(grad) * std::sqrt(70000.0)).epsilon(1e-5));
    optimizer.step(0.01, 1);
    bool all = true;
    for (const float v : p.value.values()) all = all && std::abs(v + 0.01F) < 1e-6F;
    CHECK(all);
  }
}

TEST_CASE("optimizer: the factor scales gradients") {
  Parameter p = parameter(Shape::vector(3), 0.0F, 2.0F);
  AdamW optimizer({&p}, {});
  optimizer.step(0.01, 0.25);
  CHECK(optimizer.first_moments()[0].data()[0] == Approx(0.1 * 0.5));
  CHECK(optimizer.second_moments()[0].data()[0] == Approx(0.001 * 0.25));
}
