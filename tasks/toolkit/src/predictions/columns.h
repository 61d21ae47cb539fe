// Columns of predictions and references.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "gptask/toolkit/predictions.h"

namespace gptask {

/// What to look for in a file.
struct ColumnSearch {
  std::vector<std::string> wished;  ///< by name or number; empty: the first of `usual` that there is
  std::vector<std::string> usual;
  std::string option;  ///< for messages: the option that names it
};

struct TextColumns {
  std::string source;                           ///< the file
  std::vector<std::string> ids;                 ///< empty without an id column
  std::vector<std::vector<std::string>> texts;  ///< [row][column]
};

/// Reads the columns, a file of a single column without asking for its name. Rows that a column is missing in are
/// errors that name the row.
TextColumns read_columns(const std::filesystem::path& file, const ColumnSearch& search,
                         const PredictionRequest& request);

/// Whether a file has one of these columns.
bool has_column(const std::filesystem::path& file, const std::vector<std::string>& names,
                const PredictionRequest& request);

/// Row i of the result belongs to row i of `references`: by id, or else by order. Errors mismatch.
std::vector<std::string> aligned_texts(TextColumns predictions, const TextColumns& references);

}  // namespace gptask
