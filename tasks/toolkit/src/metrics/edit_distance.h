// Edit distance to one reference, near the diagonal only, as sacrebleu's TER has it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gptask {

enum class Edit : std::uint8_t { none, substitute, insert, erase, undefined };

class EditDistance {
 public:
  using Words = std::span<const std::uint32_t>;
  explicit EditDistance(Words reference);

  /// The fewest edits that turn the words into the reference. All calls must have one length of words; a call begins
  /// where its words differ from those of the call before.
  std::int64_t operator()(Words words);
  /// The edits of the last call, from the left.
  std::vector<Edit> trace() const;

 private:
  struct Cell {
    std::int64_t cost;
    Edit edit;
  };
  void fill_row(std::size_t i, Words words);
  Cell& at(std::size_t i, std::size_t j) { return cells_[i * columns_ + j]; }
  const Cell& at(std::size_t i, std::size_t j) const { return cells_[i * columns_ + j]; }

  std::vector<std::uint32_t> reference_, words_;
  std::size_t columns_;
  std::vector<Cell> cells_;  ///< [words + 1, reference + 1]
};

}  // namespace gptask
