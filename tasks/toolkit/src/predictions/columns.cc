#include "predictions/columns.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/compressed_file.h"
#include "gptask/toolkit/escapes.h"

namespace gptask {
namespace {

/// The columns of a file, which may be known only when its first row is read.
RowReader& opened(RowReader& reader) {
  Row row;
  reader.next(row);
  return reader;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// predict_results.txt of the Transformers scripts is a table in spite of its name.
bool is_results_table(const std::filesystem::path& file) {
  std::string line;
  std::getline(*gpt::open_text(file), line);
  return line.rfind("index\t", 0) == 0;
}

ReadOptions format_of(const std::filesystem::path& file, const ColumnSearch& search, const PredictionRequest& request) {
  ReadOptions options = request.format;
  if (options.format.empty() && data_extension(file) == ".txt" && is_results_table(file)) options.format = "tsv";
  if (options.format.empty() && !RowReader::format_is_known(file)) options.format = "text";  // newstest2017.de
  const bool by_number = !search.wished.empty() && std::all_of(search.wished.begin(), search.wished.end(), is_number);
  if (by_number && !options.header) options.header = false;
  return options;
}

std::vector<std::size_t> find_columns(const RowReader& reader, const ColumnSearch& search,
                                      const PredictionRequest& request) {
  std::vector<std::size_t> columns;
  for (const std::string& name : search.wished) columns.push_back(reader.column(name, search.option));
  if (!columns.empty()) return columns;
  for (const std::string& name : search.usual)
    if (const auto found = reader.find_column(name)) return {*found};
  std::vector<std::size_t> others;  // those that are no number of the row
  for (std::size_t i = 0; i < reader.columns().size(); ++i)
    if (const std::string& name = reader.columns()[i]; name != "index" && name != request.id_column)
      others.push_back(i);
  if (others.size() == 1) return others;
  gpt::fail(gpt::ErrorCode::not_found, "{}: which column is meant? There are {}; set --{}", reader.source(),
            reader.list_columns(), search.option);
}

}  // namespace

bool has_column(const std::filesystem::path& file, const std::vector<std::string>& names,
                const PredictionRequest& request) {
  const auto reader = RowReader::open(file, format_of(file, {}, request));
  const RowReader& columns = opened(*reader);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return columns.find_column(name).has_value(); });
}

TextColumns read_columns(const std::filesystem::path& file, const ColumnSearch& search,
                         const PredictionRequest& request) {
  const auto reader = RowReader::open(file, format_of(file, search, request));
  TextColumns result;
  result.source = reader->source();
  std::vector<std::size_t> columns;
  std::size_t id = 0;
  for (Row row; reader->next(row);) {
    if (columns.empty()) {
      columns = find_columns(*reader, search, request);
      if (!request.id_column.empty()) id = reader->column(request.id_column, "id_column");
    }
    const auto field = [&](std::size_t column) {
      if (column >= row.fields.size() || !row.fields[column])
        gpt::fail(gpt::ErrorCode::malformed, "{}: the row has no \"{}\"", reader->where(row),
                  reader->columns()[column]);
      return *row.fields[column];
    };
    if (!request.id_column.empty()) result.ids.push_back(field(id));
    std::vector<std::string> texts;
    for (const std::size_t column : columns) texts.push_back(field(column));
    if (request.unescape) std::transform(texts.begin(), texts.end(), texts.begin(), unescaped);
    result.texts.push_back(std::move(texts));
  }
  if (result.texts.empty()) gpt::fail(gpt::ErrorCode::malformed, "{}: there is no row to score", result.source);
  return result;
}

std::vector<std::string> aligned_texts(TextColumns predictions, const TextColumns& references) {
  std::vector<std::string> texts;
  if (references.ids.empty()) {
    if (predictions.texts.size() != references.texts.size())
      gpt::fail(gpt::ErrorCode::mismatch,
                "{} has {} rows and {} has {}; row i of one must belong to row i of the other, or set --id_column",
                predictions.source, predictions.texts.size(), references.source, references.texts.size());
    for (auto& row : predictions.texts) texts.push_back(std::move(row[0]));
    return texts;
  }
  std::unordered_map<std::string, std::size_t> rows;
  for (std::size_t i = 0; i < predictions.ids.size(); ++i)
    if (!rows.try_emplace(predictions.ids[i], i).second)
      gpt::fail(gpt::ErrorCode::mismatch, "{}: the id \"{}\" occurs twice", predictions.source, predictions.ids[i]);
  for (const std::string& id : references.ids) {
    const auto found = rows.find(id);
    if (found == rows.end())
      gpt::fail(gpt::ErrorCode::mismatch, "{} has nothing for the id \"{}\" of {}", predictions.source, id,
                references.source);
    texts.push_back(predictions.texts[found->second][0]);
  }
  return texts;
}

}  // namespace gptask
