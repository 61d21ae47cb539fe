// Memory of a step: first fit in one reserved range, so that after the first steps nothing is allocated any more.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gpt {

/// Counted memory behind tensors and tape entries; whoever drops the last reference releases it.
class Storage {
 public:
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }
  bool unique() const noexcept { return references_.load(std::memory_order_acquire) == 1; }
  /// False for memory of somebody else, such as a mapped file.
  bool writable() const noexcept { return writable_; }

 protected:
  explicit Storage(bool writable = true) noexcept : writable_(writable) {}
  virtual ~Storage();
  virtual void destroy() noexcept = 0;

 private:
  std::atomic<std::int32_t> references_{1};
  bool writable_;
};

/// Address-ordered first fit with merging of neighbours. The range is reserved once and backed by memory as it is
/// touched; not thread-safe (a step is orchestrated by one thread). Blocks may outlive the arena: the range goes with
/// the last of them.
class Arena {
 public:
  /// Error io if the address range cannot be reserved.
  explicit Arena(std::size_t reserve_bytes = std::size_t{1} << 38);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// A block of at least `bytes`, 64-byte aligned, contents undefined; its first reference belongs to the caller.
  struct Block {
    Storage* storage;
    void* data;
  };
  Block allocate(std::size_t bytes);

  /// Memory that no block uses above the last one goes back to the operating system.
  void give_back() noexcept;

  std::size_t in_use() const noexcept;
  /// The most that was in use at once, in bytes.
  std::size_t high_water() const noexcept;

 private:
  struct Header;
  class Range;
  Range* range_;
};

}  // namespace gpt
