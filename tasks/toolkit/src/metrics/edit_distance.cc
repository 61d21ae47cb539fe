#include "metrics/edit_distance.h"

#include <algorithm>
#include <cmath>

namespace gptask {
namespace {

constexpr std::int64_t infinite = 10'000'000'000'000'000;
constexpr double beam = 25;

}  // namespace

EditDistance::EditDistance(Words reference)
    : reference_(reference.begin(), reference.end()), columns_(reference.size() + 1), cells_(columns_) {
  for (std::size_t j = 0; j < columns_; ++j) cells_[j] = {static_cast<std::int64_t>(j), Edit::insert};
}

std::int64_t EditDistance::operator()(Words words) {
  const std::size_t known =
      words.size() == words_.size()
          ? static_cast<std::size_t>(std::mismatch(words.begin(), words.end(), words_.begin()).first - words.begin())
          : 0;
  words_.assign(words.begin(), words.end());
  cells_.resize((words.size() + 1) * columns_);
  std::fill(cells_.begin() + static_cast<std::ptrdiff_t>((known + 1) * columns_), cells_.end(),
            Cell{infinite, Edit::undefined});
  for (std::size_t i = known + 1; i <= words.size(); ++i) fill_row(i, words);
  return cells_.back().cost;
}

void EditDistance::fill_row(std::size_t i, Words words) {
  const double ratio = static_cast<double>(reference_.size()) / static_cast<double>(words.size());
  const double width = beam < ratio / 2 ? std::ceil(ratio / 2 + beam) : beam;
  const double diagonal = std::floor(static_cast<double>(i) * ratio);
  const auto first = static_cast<std::size_t>(std::max(0.0, diagonal - width));
  const std::size_t last = i == words.size()
                               ? columns_
                               : static_cast<std::size_t>(std::min(static_cast<double>(columns_), diagonal + width));
  for (std::size_t j = first; j < last; ++j) {
    if (j == 0) {
      at(i, 0) = {at(i - 1, 0).cost + 1, Edit::erase};
      continue;
    }
    const bool equal = words[i - 1] == reference_[j - 1];
    // The order decides between equal costs: a shift is looked for where the trace says there is an error.
    const Cell candidates[] = {{at(i - 1, j - 1).cost + (equal ? 0 : 1), equal ? Edit::none : Edit::substitute},
                               {at(i - 1, j).cost + 1, Edit::erase},
                               {at(i, j - 1).cost + 1, Edit::insert}};
    for (const Cell& candidate : candidates)
      if (at(i, j).cost > candidate.cost) at(i, j) = candidate;
  }
}

std::vector<Edit> EditDistance::trace() const {
  std::vector<Edit> edits;
  std::size_t i = words_.size(), j = columns_ - 1;
  while (i > 0 || j > 0) {
    const Edit edit = at(i, j).edit;
    edits.push_back(edit);
    if (edit != Edit::insert) --i;
    if (edit != Edit::erase) --j;
  }
  std::reverse(edits.begin(), edits.end());
  return edits;
}

}  // namespace gptask
