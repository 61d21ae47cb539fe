// The tape: variables, parameters, and the nodes that record how to go backward.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "gpt/tensor/tensor.h"

namespace gpt {

class Node;
class QuantizedMatrix;
class Tape;

/// How a weight is held for products. Sums are float32 always; below 16 bits activations are rounded to 8 bits and
/// there is no way back.
enum class Precision { float32, bfloat16, int8, int4 };

/// A weight that outlives the step.
struct Parameter {
  std::string name;  ///< as Transformers names it in the model's files
  Tensor value;
  /// d loss / d value, in memory of the step's arena: where the way back frees activations, gradients take their place.
  Tensor grad;
  bool trainable = false;
  bool grad_fresh = true;  ///< nothing has been added to grad in this step: its contents do not count
  /// value in bfloat16, or empty. Where it is there, products with this weight are made of it: operands in bfloat16,
  /// sums in float32.
  std::vector<std::uint16_t> half;
  /// value in 8 or 4 bits, or null: the same for inference alone.
  std::shared_ptr<const QuantizedMatrix> quantized;

  void set_trainable(bool on);
  /// Memory for the gradient where it has none. The first contribution of a step takes it (grad_target); who expects
  /// more than one pass takes it before, so that it does not lie between activations.
  void take_grad(Arena& arena);
  /// Nothing was added, and the memory is free.
  void zero_grad() noexcept;
  /// Makes `half` anew from value.
  void round_half();
  /// Makes `quantized` from value, a matrix [outputs, inputs], or the transpose of one where `transposed`; its memory
  /// stays when the arena goes.
  void quantize(Arena& arena, Precision precision, bool transposed);
  /// Bytes that a product reads of it, as it is held.
  std::int64_t product_bytes() const noexcept;
};

/// A value on a tape, [rows, columns]; a cheap counted handle.
class Variable {
 public:
  Variable() = default;
  Variable(const Variable& other) noexcept;
  Variable(Variable&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Variable& operator=(Variable other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Variable();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  const Tensor& value() const noexcept;
  std::int64_t rows() const noexcept { return value().rows(); }
  std::int64_t columns() const noexcept { return value().columns(); }
  /// Whether a parameter or input behind it wants a gradient.
  bool needs_grad() const noexcept;
  /// d loss / d value; empty until something was added.
  Tensor& grad() const noexcept;
  Tape& tape() const noexcept;

 private:
  friend class Tape;
  friend class Gradient;
  friend class Kept;
  struct State;
  State* state_ = nullptr;
};

/// A variable as a node keeps it that needs its gradient and size, not its value: when no Variable is left, the memory
/// of the value is free again.
class Gradient {
 public:
  Gradient() = default;
  Gradient(const Variable& variable) noexcept;  // NOLINT(google-explicit-constructor): a Variable's other side
  Gradient(const Gradient& other) noexcept;
  Gradient(Gradient&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Gradient& operator=(Gradient other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Gradient();

  std::int64_t rows() const noexcept;
  std::int64_t columns() const noexcept;
  bool needs_grad() const noexcept;
  Tensor& grad() const noexcept;
  Tape& tape() const noexcept;

 protected:
  Variable::State* state_ = nullptr;
};

/// A variable as a node keeps it that needs its value too: the value itself, unless the node that made it can make it
/// again (Tape::record).
class Kept : public Gradient {
 public:
  /// Where the value is not `wanted`, no more than a Gradient.
  explicit Kept(const Variable& variable, bool wanted = true) noexcept;
  /// May compute it anew: ask once.
  Tensor value() const;

 private:
  Tensor value_;
};

/// What an operation leaves behind for the way back. Subclasses hold variables, tensors and numbers; they live in the
/// arena.
class Node {
 public:
  virtual ~Node();
  /// Reads the gradients of its outputs and adds to those of its inputs and parameters.
  virtual void backward() = 0;
  /// Of a node that was recorded as one that can: the value of its output, to the last bit.
  virtual Tensor make_again() const;

 private:
  friend class Tape;
  Node* previous_ = nullptr;
  Storage* storage_ = nullptr;
};

class Tape {
 public:
  /// recording false: inference; operations keep nothing. `seed` and `step` feed dropout.
  explicit Tape(Arena& arena, bool recording, std::uint64_t seed = 0, std::uint64_t step = 0) noexcept
      : arena_(arena), recording_(recording), seed_(seed), step_(step) {}
  /// For a part of `outer`'s work that is recorded apart: dropout goes on where it is there.
  explicit Tape(const Tape& outer, std::uint64_t first_stream) noexcept
      : arena_(outer.arena_),
        recording_(outer.recording_),
        seed_(outer.seed_),
        step_(outer.step_),
        random_calls_(first_stream) {}
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  bool recording() const noexcept { return recording_; }
  Arena& arena() const noexcept { return arena_; }
  /// Uninitialized scratch or result memory.
  Tensor empty(std::int64_t rows, std::int64_t columns) const { return {arena_, Shape::matrix(rows, columns)}; }
  Variable variable(Tensor value, bool needs_grad);

  /// Records a node; call only if recording() and an input needs a gradient.
  template <typename T, typename... Args>
  void record(Args&&... args) {
    const Arena::Block block = arena_.allocate(sizeof(T));
    push(new (block.data) T(std::forward<Args>(args)...), block.storage);
  }
  /// The same for a node that can make the value of `output` again at little cost: others keep no copy of it
  /// ("Training Deep Nets with Sublinear Memory Cost", Chen et al., 2016, for what is cheap to compute).
  template <typename T, typename... Args>
  void record_maker(const Variable& output, Args&&... args) {
    record<T>(std::forward<Args>(args)...);
    set_maker(output, last_);
  }

  /// Walks back from a 1 x 1 loss, dropping each node and what it kept as soon as it is done. Gradients end in the
  /// parameters (and in variables the caller still holds).
  void backward(const Variable& loss);
  /// The same from whatever gradients the outputs have.
  void backward();

  /// Numbers for dropout: differs by seed, step and call.
  std::uint64_t next_random_stream() noexcept { return random_calls_++; }
  std::uint64_t random_streams() const noexcept { return random_calls_; }
  /// Those below `count` were used elsewhere.
  void skip_random_streams(std::uint64_t count) noexcept { random_calls_ = count; }
  std::uint64_t seed() const noexcept { return seed_; }
  std::uint64_t step() const noexcept { return step_; }

 private:
  static void set_maker(const Variable& output, const Node* node) noexcept;
  void push(Node* node, Storage* storage) noexcept;
  void pop() noexcept;

  Arena& arena_;
  bool recording_;
  std::uint64_t seed_, step_, random_calls_ = 0;
  Node* last_ = nullptr;
};

/// Where a gradient goes: the first contribution of a step overwrites (beta 0), later ones add (beta 1).
struct GradTarget {
  float* data;
  float beta;
};
GradTarget grad_target(const Gradient& variable);
GradTarget grad_target(Parameter& parameter, Arena& arena);
/// Adds a whole gradient; takes the tensor over where nothing was added before.
void add_grad(const Gradient& variable, Tensor grad);
/// Adds to a parameter's gradient, which has as many values, where it trains.
void add_grad(Parameter& parameter, Arena& arena, const float* grad);

}  // namespace gpt
