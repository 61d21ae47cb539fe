#include "gpt/tensor/tensor.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace gpt {
namespace {

constexpr std::size_t kAlignment = 64, kHugePage = std::size_t{1} << 21;

/// Memory of its own. Whole huge pages of it lie in such, where products miss fewer translations of addresses; the rest
/// does not, since it would be more than was asked for.
class HeapStorage final : public Storage {
 public:
  explicit HeapStorage(std::size_t bytes)
      : alignment_{bytes < kHugePage ? kAlignment : kHugePage}, data_(::operator new(bytes, alignment_)) {
    if (bytes >= kHugePage) madvise(data_, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);  // advice: it may be ignored
  }
  ~HeapStorage() override { ::operator delete(data_, alignment_); }
  void* data() const noexcept { return data_; }

 private:
  void destroy() noexcept override { delete this; }
  std::align_val_t alignment_;
  void* data_;
};

/// Keeps somebody else's memory alive.
class ViewStorage final : public Storage {
 public:
  explicit ViewStorage(std::shared_ptr<const void> owner) : Storage(false), owner_(std::move(owner)) {}

 private:
  void destroy() noexcept override { delete this; }
  std::shared_ptr<const void> owner_;
};

}  // namespace

Tensor::Tensor(Arena& arena, Shape shape) : shape_(shape) {
  const Arena::Block block = arena.allocate(static_cast<std::size_t>(shape.size()) * sizeof(float));
  storage_ = block.storage;
  data_ = static_cast<float*>(block.data);
}

Tensor Tensor::zeros(Shape shape) {
  Tensor tensor = uninitialized(shape);
  tensor.fill(0.0F);
  return tensor;
}

Tensor Tensor::uninitialized(Shape shape) {
  Tensor tensor;
  auto* storage = new HeapStorage(static_cast<std::size_t>(std::max<std::int64_t>(shape.size(), 1)) * sizeof(float));
  tensor.storage_ = storage;
  tensor.data_ = static_cast<float*>(storage->data());
  tensor.shape_ = shape;
  return tensor;
}

Tensor Tensor::view(const float* data, Shape shape, std::shared_ptr<const void> owner) {
  Tensor tensor;
  tensor.storage_ = new ViewStorage(std::move(owner));
  tensor.data_ = const_cast<float*>(data);  // nobody writes: Parameter::set_trainable copies first
  tensor.shape_ = shape;
  return tensor;
}

Tensor Tensor::clone() const {
  Tensor copy = uninitialized(shape_);
  std::copy_n(data_, size(), copy.data_);
  return copy;
}

Tensor::Tensor(const Tensor& other) noexcept : storage_(other.storage_), data_(other.data_), shape_(other.shape_) {
  if (storage_ != nullptr) storage_->retain();
}

Tensor::Tensor(Tensor&& other) noexcept { swap(*this, other); }

Tensor& Tensor::operator=(Tensor other) noexcept {
  swap(*this, other);
  return *this;
}

Tensor::~Tensor() {
  if (storage_ != nullptr) storage_->release();
}

void Tensor::fill(float value) const { std::fill_n(data_, size(), value); }

void swap(Tensor& a, Tensor& b) noexcept {
  std::swap(a.storage_, b.storage_);
  std::swap(a.data_, b.data_);
  std::swap(a.shape_, b.shape_);
}

}  // namespace gpt
