#include "gptask/classification/columns.h"

#include <algorithm>

#include "gpt/core/error.h"

namespace gptask {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::optional<std::size_t> find_first(const RowReader& reader, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (const auto found = find_any_case(reader, name)) return found;
  }
  return std::nullopt;
}

[[noreturn]] void fail_unclear(const RowReader& reader, std::string_view what, std::string_view option) {
  gpt::fail(gpt::ErrorCode::not_found,
            "{}: which column holds the {}? It has {}. Say --{} NAME; the columns of a csv or tsv file without a "
            "header have numbers "
            "(--text_column 2 --label_column 1)",
            reader.source(), what, reader.list_columns(), option);
}

void find_text(const RowReader& reader, const ColumnNames& names, Columns& columns) {
  for (const auto& [first, second] : names.pairs) {
    const auto text = find_any_case(reader, first), pair = find_any_case(reader, second);
    if (!text || !pair) continue;
    columns.text = {*text};
    columns.pair = {*pair};
    return;
  }
  if (const auto text = find_first(reader, names.text)) {
    columns.text = {*text};
    return;
  }
  // What is left when there is only one candidate.
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < reader.columns().size(); ++i) {
    const std::string name = lower(reader.columns()[i]);
    const bool is_label = std::find(columns.label.begin(), columns.label.end(), i) != columns.label.end();
    if (!is_label && name != "index" && name != "idx" && name != "id") left.push_back(i);
  }
  if (left.size() != 1) fail_unclear(reader, "text", "text_column");
  columns.text = left;
}

}  // namespace

std::optional<std::size_t> find_any_case(const RowReader& reader, std::string_view name) {
  const std::string wanted = lower(name);
  const auto& columns = reader.columns();
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return lower(column) == wanted; });
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

bool ColumnWish::by_number() const {
  const auto is_number = [](const std::string& name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return any() && std::all_of(text.begin(), text.end(), is_number) &&
         std::all_of(pair.begin(), pair.end(), is_number) && std::all_of(label.begin(), label.end(), is_number);
}

Columns find_columns(const RowReader& reader, const ColumnWish& wish, const ColumnNames& names, bool with_label) {
  Columns columns;
  if (with_label) {
    for (const std::string& name : wish.label) columns.label.push_back(reader.column(name, "label_column"));
    if (const auto usual = find_first(reader, names.label); columns.label.empty() && usual) columns.label = {*usual};
    if (columns.label.empty()) fail_unclear(reader, "label", "label_column");
  }
  for (const std::string& name : wish.text) columns.text.push_back(reader.column(name, "text_column"));
  for (const std::string& name : wish.pair) columns.pair.push_back(reader.column(name, "text_pair_column"));
  if (wish.text.empty()) find_text(reader, names, columns);
  return columns;
}

}  // namespace gptask
