#include "text/word_cache.h"

#include <algorithm>
#include <cstring>

namespace gpt::text {

namespace {

constexpr std::size_t kFirstSlots = 1 << 10, kMostSlots = 1 << 17;
constexpr std::size_t kProbes = 8;
constexpr std::size_t kLongestWord = 160;
constexpr std::size_t kMaxBytes = 1 << 22;
constexpr std::size_t kMaxTokens = 1 << 19;

template <typename Block>
Block load(const char* at) {
  Block block;
  std::memcpy(&block, at, sizeof(block));
  return block;
}

/// Eight bytes at a time, multiplied and folded; the last eight overlap those before.
std::uint64_t hash_word(std::string_view word) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15u;
  const auto mix = [](std::uint64_t hash, std::uint64_t block) {
    hash = (hash ^ block) * kOdd;
    return hash ^ (hash >> 32);
  };
  const char* at = word.data();
  const std::size_t size = word.size();
  if (size >= 8) {
    std::uint64_t hash = size;
    for (std::size_t i = 0; i + 8 < size; i += 8) hash = mix(hash, load<std::uint64_t>(at + i));
    return mix(hash, load<std::uint64_t>(at + size - 8));
  }
  if (size >= 4) {
    const std::uint64_t high = load<std::uint32_t>(at + size - 4);
    return mix(size, (high << 32) | load<std::uint32_t>(at));
  }
  const auto byte = [at](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])); };
  return mix(size, byte(0) | (byte(size / 2) << 8) | (byte(size - 1) << 16));
}

}  // namespace

WordCache::WordCache() : slots_(kFirstSlots) {}

std::span<const WordToken> WordCache::tokens(std::string_view word, const Model& model) {
  if (word.size() > kLongestWord) {
    model.encode(word, scratch_);
    return scratch_;
  }
  const std::uint64_t full = hash_word(word);
  const auto hash = static_cast<std::uint32_t>(full >> 32);
  const std::size_t mask = slots_.size() - 1;
  Slot* place = &slots_[full & mask];
  for (std::size_t probe = 0; probe < kProbes; ++probe) {
    Slot& slot = slots_[(full + probe) & mask];
    if (slot.word_size == 0) {
      place = &slot;
      break;
    }
    if (slot.hash == hash && slot.word_size == word.size() && std::memcmp(text(slot), word.data(), word.size()) == 0) {
      return {slot.count <= kInlineTokens ? slot.first.data() : tokens_.data() + slot.tokens, slot.count};
    }
  }
  model.encode(word, scratch_);
  if (2 * ++count_ > slots_.size() && slots_.size() < kMostSlots) {
    clear(4 * slots_.size());
    place = &slots_[full & (slots_.size() - 1)];
  }
  return insert(*place, hash, word);
}

std::span<const WordToken> WordCache::insert(Slot& slot, std::uint32_t hash, std::string_view word) {
  if (words_.size() + word.size() > kMaxBytes || tokens_.size() + scratch_.size() > kMaxTokens) clear(slots_.size());
  slot.hash = hash;
  slot.word_size = static_cast<std::uint16_t>(word.size());
  slot.count = static_cast<std::uint16_t>(scratch_.size());
  if (word.size() <= kInlineBytes) {
    std::copy(word.begin(), word.end(), slot.text.begin());
  } else {
    slot.word = static_cast<std::uint32_t>(words_.size());
    words_.insert(words_.end(), word.begin(), word.end());
  }
  if (scratch_.size() <= kInlineTokens) {
    std::copy(scratch_.begin(), scratch_.end(), slot.first.begin());
  } else {
    slot.tokens = static_cast<std::uint32_t>(tokens_.size());
    tokens_.insert(tokens_.end(), scratch_.begin(), scratch_.end());
  }
  return scratch_;
}

void WordCache::clear(std::size_t slots) {
  slots_.assign(slots, Slot{});
  words_.clear();
  tokens_.clear();
  count_ = 0;
}

WordCachePool::Lease::Lease(WordCachePool& pool) : pool_(pool) {
  {
    const std::lock_guard lock(pool_.mutex_);
    pool_.free_.reserve(pool_.free_.size() + ++pool_.leased_);  // so that giving it back cannot fail
    if (!pool_.free_.empty()) {
      cache_ = std::move(pool_.free_.back());
      pool_.free_.pop_back();
    }
  }
  if (!cache_) cache_ = std::make_unique<WordCache>();
}

WordCachePool::Lease::~Lease() {
  const std::lock_guard lock(pool_.mutex_);
  --pool_.leased_;
  pool_.free_.push_back(std::move(cache_));
}

}  // namespace gpt::text
