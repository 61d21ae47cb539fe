// Two lists of rows, one after the other: what Scorer::followed_by needs.
#pragma once

#include <vector>

namespace gptask {

template <typename T>
std::vector<T> joined(std::vector<T> rows, const std::vector<T>& more) {
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace gptask
