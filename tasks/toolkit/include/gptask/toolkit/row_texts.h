// The texts behind examples, kept to be shown and scored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gptask {

/// A list of texts for each row. The latest 32 MB are in memory; what came before lies in temporary files that have no
/// name any more, below TMPDIR or /var/tmp, and is mapped. Copies share what they hold; a copy that is added to is
/// used by one thread.
class RowTexts {
 public:
  /// `most_in_memory`: bytes.
  explicit RowTexts(std::size_t most_in_memory = std::size_t{32} << 20);

  /// Error io where the disk is full: names the folder.
  void add(std::span<const std::string> texts);
  std::vector<std::string> operator[](std::size_t row) const;
  std::size_t size() const noexcept { return places_.size(); }
  /// These rows, in this order.
  RowTexts take(std::span<const std::uint32_t> rows) const;

 private:
  class Store;
  std::shared_ptr<Store> store_;
  std::vector<std::uint64_t> places_;  ///< where each row begins in the store
};

}  // namespace gptask
