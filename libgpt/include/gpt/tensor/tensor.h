// A float32 matrix or vector, row-major and contiguous, in counted memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "gpt/tensor/arena.h"

namespace gpt {

/// [columns] or [rows, columns].
struct Shape {
  std::int64_t rows = 0, columns = 0;
  std::int32_t rank = 2;

  static Shape vector(std::int64_t size) noexcept { return {1, size, 1}; }
  static Shape matrix(std::int64_t rows, std::int64_t columns) noexcept { return {rows, columns, 2}; }
  std::int64_t size() const noexcept { return rows * columns; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

class Tensor {
 public:
  Tensor() = default;
  /// Uninitialized, from the arena.
  Tensor(Arena& arena, Shape shape);
  /// Zeros of its own on the heap.
  static Tensor zeros(Shape shape);
  /// The same uninitialized: for values that are all written at once.
  static Tensor uninitialized(Shape shape);
  /// A copy of its own on the heap.
  Tensor clone() const;
  /// Memory of somebody else, kept alive by `owner`; must not be written to.
  static Tensor view(const float* data, Shape shape, std::shared_ptr<const void> owner);

  Tensor(const Tensor& other) noexcept;
  Tensor(Tensor&& other) noexcept;
  Tensor& operator=(Tensor other) noexcept;
  ~Tensor();

  explicit operator bool() const noexcept { return data_ != nullptr; }
  float* data() const noexcept { return data_; }
  float* row(std::int64_t index) const noexcept { return data_ + index * shape_.columns; }
  std::span<float> values() const noexcept { return {data_, static_cast<std::size_t>(shape_.size())}; }
  const Shape& shape() const noexcept { return shape_; }
  std::int64_t rows() const noexcept { return shape_.rows; }
  std::int64_t columns() const noexcept { return shape_.columns; }
  std::int64_t size() const noexcept { return shape_.size(); }
  void fill(float value) const;
  /// Whether no other handle shares this memory.
  bool writable() const noexcept { return storage_ != nullptr && storage_->writable(); }
  bool unique() const noexcept { return storage_ == nullptr || storage_->unique(); }
  friend void swap(Tensor& a, Tensor& b) noexcept;

 private:
  Storage* storage_ = nullptr;
  float* data_ = nullptr;
  Shape shape_{0, 0, 2};
};

}  // namespace gpt
