// Keys and values of tokens that were seen, so that each new token costs one row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gpt/model/config.h"
#include "gpt/ops/attention.h"

namespace gpt {

/// Sequences lie in blocks of 32 tokens that copies share until one of them writes ("Efficient memory management for
/// large language model serving with PagedAttention", Kwon et al., 2023): a prompt is held once for all its beams.
/// A token takes 2 * layers * kv_heads * head_size numbers of the cache's type. Not thread-safe.
class KvCache {
 public:
  /// Up to `sequences` sequences (all there from the start, empty) of up to `capacity` tokens. Error invalid_option
  /// where a number is not positive or the capacity exceeds the model's context.
  KvCache(const ModelConfig& config, std::int32_t sequences, std::int64_t capacity,
          CacheType type = CacheType::float32);
  ~KvCache();
  KvCache(const KvCache&) = delete;
  KvCache& operator=(const KvCache&) = delete;

  std::int32_t sequences() const noexcept { return static_cast<std::int32_t>(tables_.size()); }
  std::int64_t capacity() const noexcept { return capacity_; }
  /// Tokens of a sequence.
  std::int32_t length(std::int32_t sequence) const { return tables_.at(static_cast<std::size_t>(sequence)).length; }
  /// Afterwards there are as many sequences as parents; sequence i continues what parents[i] was, and is empty where
  /// that is -1. Error mismatch for a parent that is not there or too many of them.
  void reorder(std::span<const std::int32_t> parents);
  /// Forgets a sequence's tokens from `length` on. Error mismatch where it has fewer.
  void truncate(std::int32_t sequence, std::int32_t length);
  /// Each layer that attends through this cache from now on adds its attention_weights to `maps`; null: none does any
  /// more. The batch must be one whole sequence.
  void watch(std::vector<Tensor>* maps) noexcept { maps_ = maps; }
  /// Bytes of a token's keys and values.
  static std::int64_t token_bytes(const ModelConfig& config, CacheType type) noexcept;
  /// Bytes of all blocks, used or not.
  std::size_t bytes() const noexcept;

 private:
  friend class Decoder;
  struct Block {
    std::unique_ptr<std::byte[]> data;
    std::int32_t users = 0;
  };
  struct Table {
    std::vector<std::int32_t> blocks;
    std::int32_t length = 0;
  };

  /// Room for the batch's tokens. Error mismatch where the batch does not continue these sequences, one grows over the
  /// capacity, or the cache was made for another model.
  void extend(const Batch& batch, const ModelConfig& config);
  /// A layer's part; good until the next extend or reorder.
  CacheView view(std::int64_t layer) const;
  /// The batch's tokens are in.
  void commit(const Batch& batch);
  void check(const Batch& batch, const ModelConfig& config) const;
  std::int32_t take();
  void drop(std::int32_t block);
  void own_open_block(Table& table);

  std::int32_t most_sequences_;
  CacheType type_;
  std::int64_t capacity_, layer_size_, block_size_;  // sizes in bytes of a block
  std::vector<Block> blocks_;
  std::vector<std::int32_t> free_;
  std::vector<Table> tables_;
  std::vector<std::byte*> pointers_;  // of the last extend: blocks of all sequences, and where each sequence starts
  std::vector<std::int32_t> offsets_;
  std::vector<Tensor>* maps_ = nullptr;
};

}  // namespace gpt
