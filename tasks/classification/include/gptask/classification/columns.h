// Which columns of a file hold the text and the label.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gptask/toolkit/row_reader.h"

namespace gptask {

/// Column names that are looked for, in this order and in any case, where none are given.
struct ColumnNames {
  std::vector<std::string> text;
  std::vector<std::pair<std::string, std::string>> pairs;  ///< looked for before text
  std::vector<std::string> label;
};

/// Columns as somebody asked for them: names, or numbers from 1. Empty: to be found.
struct ColumnWish {
  std::vector<std::string> text;  ///< several are joined to one text
  std::vector<std::string> pair;
  std::vector<std::string> label;  ///< several: a label each, with 0 or 1 in it

  bool any() const { return !text.empty() || !pair.empty() || !label.empty(); }
  /// All that is asked for is numbers: the way to name the columns of a file without a header.
  bool by_number() const;
};

/// Columns as positions in a row.
struct Columns {
  std::vector<std::size_t> text, pair, label;
};

/// The column of this name in upper or lower case.
std::optional<std::size_t> find_any_case(const RowReader& reader, std::string_view name);

/// Error not_found lists the columns there are and says which option to set.
Columns find_columns(const RowReader& reader, const ColumnWish& wish, const ColumnNames& names, bool with_label);

}  // namespace gptask
