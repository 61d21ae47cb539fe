#include "gpt/tensor/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "gpt/core/error.h"

namespace gpt {
namespace {

constexpr std::size_t kAlignment = 64;

std::size_t round_up(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

Storage::~Storage() = default;

/// Stands right before its block's data; neighbours are found through `size` and `before`.
struct alignas(kAlignment) Arena::Header final : Storage {
  Header(Range& owner, std::size_t bytes, Header* neighbour) noexcept : range(&owner), size(bytes), before(neighbour) {}
  void destroy() noexcept override;

  Range* range;
  std::size_t size;  // header included
  Header* before;    // the block below this one
  Header* next_free = nullptr;
  Header* previous_free = nullptr;
  bool is_free = false;
};

/// The reserved addresses and the blocks in them.
class Arena::Range {
 public:
  explicit Range(std::size_t reserve_bytes);
  ~Range() { munmap(base_, reserved_); }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;

  Block allocate(std::size_t bytes);
  void free(Header* block) noexcept;
  void give_back() noexcept;
  /// The arena is gone: the last block takes the range with it.
  void abandon() noexcept {
    if (in_use_ == 0) {
      delete this;
    } else {
      abandoned_ = true;
    }
  }
  std::size_t in_use() const noexcept { return in_use_; }
  std::size_t high_water() const noexcept { return high_water_; }

 private:
  void merge(Header* block) noexcept;

  std::byte* base_;
  std::size_t reserved_, end_ = 0, touched_ = 0;  // blocks lie in [0, end_), and lay below touched_ at most
  Header* last_ = nullptr;
  Header* free_ = nullptr;  // address-ordered list
  std::size_t in_use_ = 0, high_water_ = 0;
  bool abandoned_ = false;
};

void Arena::Header::destroy() noexcept { range->free(this); }

Arena::Range::Range(std::size_t reserve_bytes) : reserved_(round_up(reserve_bytes)) {
  void* range = mmap(nullptr, reserved_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED)
    fail(ErrorCode::io, "cannot reserve {} bytes of address space for activations: {}; raise the limit (ulimit -v)",
         reserved_, std::strerror(errno));
  madvise(range, reserved_, MADV_HUGEPAGE);
  base_ = static_cast<std::byte*>(range);
}

void Arena::Range::give_back() noexcept {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE)), first = (end_ + page - 1) / page * page;
  if (first < touched_) madvise(base_ + first, std::min(touched_, reserved_) - first, MADV_DONTNEED);
  touched_ = end_;
}

Arena::Block Arena::Range::allocate(std::size_t bytes) {
  const std::size_t wanted = round_up(sizeof(Header) + bytes);
  Header* block = free_;
  while (block != nullptr && block->size < wanted) block = block->next_free;
  if (block == nullptr) {
    if (wanted > reserved_ - end_) throw std::bad_alloc();
    block = new (base_ + end_) Header(*this, wanted, last_);
    end_ += wanted;
    touched_ = std::max(touched_, end_);
    last_ = block;
  } else {
    Header* const previous = block->previous_free;
    Header* next = block->next_free;
    const std::size_t rest = block->size - wanted;
    Header* const below = block->before;
    const bool was_last = block == last_;
    const std::size_t size = rest >= 2 * kAlignment + sizeof(Header) ? wanted : block->size;
    auto* const place = reinterpret_cast<std::byte*>(block);
    block = new (place) Header(*this, size, below);
    if (size == wanted && rest != 0) {
      auto* remainder = new (place + size) Header(*this, rest, block);
      remainder->is_free = true;
      remainder->next_free = next;
      remainder->previous_free = previous;
      if (next != nullptr) next->previous_free = remainder;
      next = remainder;
      if (was_last) {
        last_ = remainder;
      } else {
        reinterpret_cast<Header*>(place + size + rest)->before = remainder;
      }
    } else if (next != nullptr) {
      next->previous_free = previous;
    }
    (previous != nullptr ? previous->next_free : free_) = next;
  }
  in_use_ += block->size;
  high_water_ = std::max(high_water_, in_use_);
  return {block, reinterpret_cast<std::byte*>(block) + sizeof(Header)};
}

void Arena::Range::free(Header* block) noexcept {
  in_use_ -= block->size;
  if (abandoned_ && in_use_ == 0) {
    delete this;
  } else {
    merge(block);
  }
}

void Arena::Range::merge(Header* block) noexcept {
  auto after = [this](Header* h) -> Header* {
    return h == last_ ? nullptr : reinterpret_cast<Header*>(reinterpret_cast<std::byte*>(h) + h->size);
  };
  auto unlink = [this](Header* h) {
    (h->previous_free != nullptr ? h->previous_free->next_free : free_) = h->next_free;
    if (h->next_free != nullptr) h->next_free->previous_free = h->previous_free;
  };
  if (Header* above = after(block); above != nullptr && above->is_free) {
    unlink(above);
    if (above == last_) last_ = block;
    block->size += above->size;
  }
  if (Header* below = block->before; below != nullptr && below->is_free) {
    unlink(below);
    if (block == last_) last_ = below;
    below->size += block->size;
    block = below;
  }
  if (Header* above = after(block)) above->before = block;
  if (block == last_) {  // the top of the range shrinks again
    end_ = static_cast<std::size_t>(reinterpret_cast<std::byte*>(block) - base_);
    last_ = block->before;
    return;
  }
  Header* previous = nullptr;
  Header* next = free_;
  while (next != nullptr && next < block) {
    previous = next;
    next = next->next_free;
  }
  block->is_free = true;
  block->previous_free = previous;
  block->next_free = next;
  (previous != nullptr ? previous->next_free : free_) = block;
  if (next != nullptr) next->previous_free = block;
}

Arena::Arena(std::size_t reserve_bytes) : range_(new Range(reserve_bytes)) {}
Arena::~Arena() { range_->abandon(); }
Arena::Block Arena::allocate(std::size_t bytes) { return range_->allocate(bytes); }
void Arena::give_back() noexcept { range_->give_back(); }
std::size_t Arena::in_use() const noexcept { return range_->in_use(); }
std::size_t Arena::high_water() const noexcept { return range_->high_water(); }

}  // namespace gpt
