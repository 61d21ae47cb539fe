// The tensors of a file, in order and by name.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gpt/io/weight_source.h"

namespace gpt {

class TensorTable {
 public:
  /// False, and nothing added, if there is one of that name.
  bool add(StoredTensor tensor);
  void reserve(std::size_t size) { list_.reserve(size); }
  const std::vector<StoredTensor>& list() const noexcept { return list_; }
  /// Null if there is none.
  const StoredTensor* find(std::string_view name) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>()(name); }
  };
  std::vector<StoredTensor> list_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> by_name_;
};

}  // namespace gpt
