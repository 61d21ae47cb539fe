#include "gpt/ops/variable.h"

#include <algorithm>
#include <cassert>

#include "gpt/core/error.h"
#include "kernels/bfloat16.h"
#include "kernels/elementwise.h"
#include "ops/rowwise.h"
#include "tensor/quantized.h"

namespace gpt {

struct Variable::State {
  Tape* tape;
  Tensor value, grad;  // the value goes when no Variable is left
  Shape shape;
  bool needs_grad;
  std::int32_t references, variables;  // all handles; Variables among them
  Storage* storage;
  const Node* maker = nullptr;

  void release() noexcept {
    if (--references > 0) return;
    Storage* const memory = storage;
    this->~State();
    memory->release();
  }
};

void Parameter::set_trainable(bool on) {
  if (on && !value.writable()) value = value.clone();
  trainable = on;
  zero_grad();
}

void Parameter::take_grad(Arena& arena) {
  if (!grad) grad = Tensor(arena, value.shape());
}

void Parameter::zero_grad() noexcept {
  grad = Tensor();
  grad_fresh = true;
}

void Parameter::round_half() {
  half.resize(static_cast<std::size_t>(value.size()));
  for_rows(value, [this](std::int64_t row, std::int64_t rows) {
    kernels::to_bfloat16(rows * value.columns(), value.row(row), half.data() + row * value.columns());
  });
}

void Parameter::quantize(Arena& arena, Precision precision, bool transposed) {
  const auto bits = precision == Precision::int4 ? kernels::QuantBits::four : kernels::QuantBits::eight;
  const std::int64_t rows = value.rows(), columns = value.columns();
  quantized = transposed
                  ? std::make_shared<const QuantizedMatrix>(arena, bits, columns, rows, value.data(), 1, columns)
                  : std::make_shared<const QuantizedMatrix>(arena, bits, rows, columns, value.data(), columns, 1);
}

std::int64_t Parameter::product_bytes() const noexcept {
  if (quantized != nullptr) return static_cast<std::int64_t>(quantized->bytes());
  const std::size_t each = half.empty() ? sizeof(float) : sizeof(half[0]);
  return value.size() * static_cast<std::int64_t>(each);
}

Variable::Variable(const Variable& other) noexcept : state_(other.state_) {
  if (state_ == nullptr) return;
  ++state_->references;
  ++state_->variables;
}

Variable::~Variable() {
  if (state_ == nullptr) return;
  if (--state_->variables == 0) state_->value = Tensor();
  state_->release();
}

const Tensor& Variable::value() const noexcept { return state_->value; }
bool Variable::needs_grad() const noexcept { return state_ != nullptr && state_->needs_grad; }
Tensor& Variable::grad() const noexcept { return state_->grad; }
Tape& Variable::tape() const noexcept { return *state_->tape; }

Gradient::Gradient(const Variable& variable) noexcept : state_(variable.state_) {
  if (state_ != nullptr) ++state_->references;
}

Gradient::Gradient(const Gradient& other) noexcept : state_(other.state_) {
  if (state_ != nullptr) ++state_->references;
}

Gradient::~Gradient() {
  if (state_ != nullptr) state_->release();
}

std::int64_t Gradient::rows() const noexcept { return state_->shape.rows; }
std::int64_t Gradient::columns() const noexcept { return state_->shape.columns; }
bool Gradient::needs_grad() const noexcept { return state_ != nullptr && state_->needs_grad; }
Tensor& Gradient::grad() const noexcept { return state_->grad; }
Tape& Gradient::tape() const noexcept { return *state_->tape; }

Kept::Kept(const Variable& variable, bool wanted) noexcept : Gradient(variable) {
  if (wanted && state_ != nullptr && state_->maker == nullptr) value_ = state_->value;
}

Tensor Kept::value() const {
  if (value_) return value_;
  return state_->value ? state_->value : state_->maker->make_again();
}

Node::~Node() = default;

Tensor Node::make_again() const { fail(ErrorCode::unsupported, "this operation cannot make its output again"); }

Tape::~Tape() {
  while (last_ != nullptr) pop();
}

Variable Tape::variable(Tensor value, bool needs_grad) {
  const Arena::Block block = arena_.allocate(sizeof(Variable::State));
  Variable variable;
  const Shape shape = value.shape();
  variable.state_ = new (block.data)
      Variable::State{this, std::move(value), {}, shape, needs_grad && recording_, 1, 1, block.storage};
  return variable;
}

void Tape::set_maker(const Variable& output, const Node* node) noexcept { output.state_->maker = node; }

void Tape::push(Node* node, Storage* storage) noexcept {
  node->previous_ = last_;
  node->storage_ = storage;
  last_ = node;
}

void Tape::pop() noexcept {
  Node* const node = std::exchange(last_, last_->previous_);
  Storage* const storage = node->storage_;
  node->~Node();
  storage->release();
}

void Tape::backward(const Variable& loss) {
  if (loss.value().size() != 1)
    fail(ErrorCode::mismatch, "backward starts from one number, not from {} x {}", loss.rows(), loss.columns());
  if (!loss.needs_grad()) return;
  loss.grad() = empty(1, 1);
  loss.grad().fill(1.0F);
  backward();
}

void Tape::backward() {
  while (last_ != nullptr) {
    last_->backward();
    pop();
  }
}

GradTarget grad_target(const Gradient& variable) {
  Tensor& grad = variable.grad();
  if (!grad) {
    grad = variable.tape().empty(variable.rows(), variable.columns());
    return {grad.data(), 0.0F};
  }
  if (!grad.unique()) {  // shared with another variable's gradient: write to a copy
    Tensor copy = variable.tape().empty(variable.rows(), variable.columns());
    for_rows(grad, [&](std::int64_t row, std::int64_t rows) {
      std::copy_n(grad.row(row), rows * grad.columns(), copy.row(row));
    });
    grad = std::move(copy);
  }
  return {grad.data(), 1.0F};
}

GradTarget grad_target(Parameter& parameter, Arena& arena) {
  parameter.take_grad(arena);
  return {parameter.grad.data(), std::exchange(parameter.grad_fresh, false) ? 0.0F : 1.0F};
}

void add_grad(Parameter& parameter, Arena& arena, const float* grad) {
  if (!parameter.trainable) return;
  const GradTarget target = grad_target(parameter, arena);
  const std::int64_t size = parameter.value.size();
  if (target.beta == 0.0F) {
    std::copy_n(grad, size, target.data);
  } else {
    kernels::add(size, target.data, grad, target.data);
  }
}

void add_grad(const Gradient& variable, Tensor grad) {
  if (!variable.grad()) {
    variable.grad() = std::move(grad);
    return;
  }
  const GradTarget target = grad_target(variable);
  for_rows(grad, [&](std::int64_t row, std::int64_t rows) {
    float* const to = target.data + row * grad.columns();
    kernels::add(rows * grad.columns(), to, grad.row(row), to);
  });
}

}  // namespace gpt
