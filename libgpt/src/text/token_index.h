// Ids of tokens by their text: a hash table with open addressing that keeps ids only.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gpt::text {

/// `tokens` must stay where it is and as it is while the index is used.
class TokenIndex {
 public:
  TokenIndex() = default;
  TokenIndex(const std::vector<std::string>& tokens, std::size_t count)
      : tokens_(&tokens), slots_(std::bit_ceil(2 * count + 2), -1) {}

  /// Adds tokens[id], at most `count` times; gives the id that has the same text already, if one has.
  std::optional<std::int32_t> add(std::int32_t id) {
    std::int32_t& slot = slots_[find_slot((*tokens_)[static_cast<std::size_t>(id)])];
    if (slot >= 0) return slot;
    slot = id;
    return std::nullopt;
  }
  std::optional<std::int32_t> find(std::string_view token) const {
    if (slots_.empty()) return std::nullopt;
    const std::int32_t id = slots_[find_slot(token)];
    if (id < 0) return std::nullopt;
    return id;
  }

 private:
  std::size_t find_slot(std::string_view token) const {
    std::size_t at = std::hash<std::string_view>()(token) & (slots_.size() - 1);
    while (slots_[at] >= 0 && (*tokens_)[static_cast<std::size_t>(slots_[at])] != token) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return at;
  }

  const std::vector<std::string>* tokens_ = nullptr;
  std::vector<std::int32_t> slots_;
};

}  // namespace gpt::text
