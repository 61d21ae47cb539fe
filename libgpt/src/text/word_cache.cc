#include "text/word_cache.h"

#include <cstring>

namespace gpt::text {

namespace {

constexpr std::size_t kSlots = 1 << 16;
constexpr std::size_t kProbes = 8;
constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxTokens = 1 << 18;

/// Eight bytes at a time, multiplied and folded.
std::uint64_t hash_word(std::string_view word) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15u;
  const auto mix = [](std::uint64_t hash, std::uint64_t block) {
    hash = (hash ^ block) * kOdd;
    return hash ^ (hash >> 32);
  };
  std::uint64_t hash = word.size();
  const char* at = word.data();
  std::size_t left = word.size();
  std::uint64_t block = 0;
  for (; left > 8; at += 8, left -= 8) {
    std::memcpy(&block, at, 8);
    hash = mix(hash, block);
  }
  block = 0;
  std::memcpy(&block, at, left);
  return mix(hash, block);
}

}  // namespace

WordCache::WordCache() : slots_(kSlots) {}

std::span<const WordToken> WordCache::tokens(std::string_view word, const Model& model) {
  if (word.size() > kLongestWord) {
    model.encode(word, scratch_);
    return scratch_;
  }
  const std::uint64_t hash = hash_word(word);
  Slot* place = &slots_[hash % kSlots];
  for (std::size_t probe = 0; probe < kProbes; ++probe) {
    Slot& slot = slots_[(hash + probe) % kSlots];
    if (slot.word_size == 0) {
      place = &slot;
      break;
    }
    if (slot.hash == hash && slot.word_size == word.size() &&
        std::memcmp(words_.data() + slot.word, word.data(), word.size()) == 0) {
      return {tokens_.data() + slot.tokens, slot.count};
    }
  }
  model.encode(word, scratch_);
  return insert(*place, hash, word);
}

std::span<const WordToken> WordCache::insert(Slot& slot, std::uint64_t hash, std::string_view word) {
  if (words_.size() + word.size() > kMaxBytes || tokens_.size() + scratch_.size() > kMaxTokens) clear();
  slot = {hash, static_cast<std::uint32_t>(words_.size()), static_cast<std::uint32_t>(word.size()),
          static_cast<std::uint32_t>(tokens_.size()), static_cast<std::uint32_t>(scratch_.size())};
  words_.insert(words_.end(), word.begin(), word.end());
  tokens_.insert(tokens_.end(), scratch_.begin(), scratch_.end());
  return scratch_;
}

void WordCache::clear() {
  slots_.assign(kSlots, Slot{});
  words_.clear();
  tokens_.clear();
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
