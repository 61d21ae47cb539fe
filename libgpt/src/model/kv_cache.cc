#include "gpt/model/kv_cache.h"

#include <algorithm>

#include "gpt/core/error.h"

namespace gpt {
namespace {

/// Bytes of one layer in a block.
std::int64_t layer_size(const ModelConfig& config, CacheType type) {
  return config.kv_heads * CacheView::head_bytes(type, config.head_size);
}

}  // namespace

KvCache::KvCache(const ModelConfig& config, std::int32_t sequences, std::int64_t capacity, CacheType type)
    : most_sequences_(sequences),
      type_(type),
      capacity_(capacity),
      layer_size_(layer_size(config, type)),
      block_size_(config.layers * layer_size_) {
  if (sequences < 1) fail(ErrorCode::invalid_option, "a cache holds 1 sequence or more, not {}", sequences);
  if (capacity < 1 || capacity > config.context)
    fail(ErrorCode::invalid_option, "a cached sequence can hold 1 to {} tokens (the model's context), not {}",
         config.context, capacity);
  tables_.resize(static_cast<std::size_t>(sequences));
}

KvCache::~KvCache() = default;

std::int64_t KvCache::token_bytes(const ModelConfig& config, CacheType type) noexcept {
  return config.layers * layer_size(config, type) / CacheView::kTokens;
}

std::size_t KvCache::bytes() const noexcept { return blocks_.size() * static_cast<std::size_t>(block_size_); }

void KvCache::reorder(std::span<const std::int32_t> parents) {
  if (static_cast<std::int64_t>(parents.size()) > most_sequences_)
    fail(ErrorCode::mismatch, "this cache was made for {} sequences, not {}", most_sequences_, parents.size());
  std::vector<Table> next(parents.size());
  for (std::size_t i = 0; i < parents.size(); ++i) {
    if (parents[i] < -1 || parents[i] >= sequences())
      fail(ErrorCode::mismatch, "there is no sequence {} in a cache of {}", parents[i], sequences());
    if (parents[i] >= 0) next[i] = tables_[static_cast<std::size_t>(parents[i])];
  }
  for (const Table& table : next)
    for (const std::int32_t block : table.blocks) ++blocks_[static_cast<std::size_t>(block)].users;
  for (const Table& table : tables_)
    for (const std::int32_t block : table.blocks) drop(block);
  tables_ = std::move(next);
}

void KvCache::truncate(std::int32_t sequence, std::int32_t length) {
  if (sequence < 0 || sequence >= sequences() || length < 0 || length > this->length(sequence))
    fail(ErrorCode::mismatch, "sequence {} of a cache of {} has no {} tokens to keep", sequence, sequences(), length);
  Table& table = tables_[static_cast<std::size_t>(sequence)];
  const auto kept = static_cast<std::size_t>((length + CacheView::kTokens - 1) / CacheView::kTokens);
  for (std::size_t i = kept; i < table.blocks.size(); ++i) drop(table.blocks[i]);
  table.blocks.resize(kept);
  table.length = length;
}

void KvCache::check(const Batch& batch, const ModelConfig& config) const {
  if (layer_size(config, type_) != layer_size_ || config.layers * layer_size_ != block_size_)
    fail(ErrorCode::mismatch, "this cache was made for a model with other layers or heads");
  if (batch.sequences() != sequences())
    fail(ErrorCode::mismatch, "a batch of {} sequences does not continue the {} in the cache", batch.sequences(),
         sequences());
  for (std::int32_t s = 0; s < sequences(); ++s) {
    if (batch.past_of(s) != length(s))
      fail(ErrorCode::mismatch, "sequence {} of the batch has a past of {} tokens, the cache holds {}", s,
           batch.past_of(s), length(s));
    if (length(s) + batch.length(s) > capacity_)
      fail(ErrorCode::mismatch, "{} + {} tokens of sequence {} do not fit into a cache of {}", length(s),
           batch.length(s), s, capacity_);
  }
}

/// A block nobody uses, now with one user.
std::int32_t KvCache::take() {
  if (free_.empty()) {
    blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(static_cast<std::size_t>(block_size_)), 0});
    free_.push_back(static_cast<std::int32_t>(blocks_.size()) - 1);
  }
  const std::int32_t block = free_.back();
  free_.pop_back();
  blocks_[static_cast<std::size_t>(block)].users = 1;
  return block;
}

/// One user of a block less.
void KvCache::drop(std::int32_t block) {
  if (--blocks_[static_cast<std::size_t>(block)].users == 0) free_.push_back(block);
}

/// The block that is half full becomes the table's own where others use it too.
void KvCache::own_open_block(Table& table) {
  std::int32_t& block = table.blocks[static_cast<std::size_t>(table.length / CacheView::kTokens)];
  const auto old = static_cast<std::size_t>(block);
  if (blocks_[old].users == 1) return;
  const std::int32_t own = take();
  std::copy_n(blocks_[old].data.get(), block_size_, blocks_[static_cast<std::size_t>(own)].data.get());
  --blocks_[old].users;
  block = own;
}

void KvCache::extend(const Batch& batch, const ModelConfig& config) {
  check(batch, config);
  pointers_.clear();
  offsets_.assign(1, 0);
  for (std::int32_t s = 0; s < sequences(); ++s) {
    Table& table = tables_[static_cast<std::size_t>(s)];
    if (table.length % CacheView::kTokens != 0 && batch.length(s) > 0) own_open_block(table);
    const std::int64_t wanted = (table.length + batch.length(s) + CacheView::kTokens - 1) / CacheView::kTokens;
    while (static_cast<std::int64_t>(table.blocks.size()) < wanted) table.blocks.push_back(take());
    for (const std::int32_t block : table.blocks)
      pointers_.push_back(blocks_[static_cast<std::size_t>(block)].data.get());
    offsets_.push_back(static_cast<std::int32_t>(pointers_.size()));
  }
}

CacheView KvCache::view(std::int64_t layer) const { return {pointers_, offsets_, layer * layer_size_, type_, maps_}; }

void KvCache::commit(const Batch& batch) {
  for (std::int32_t s = 0; s < sequences(); ++s) tables_[static_cast<std::size_t>(s)].length += batch.length(s);
}

}  // namespace gpt
