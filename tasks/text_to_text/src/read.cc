// Files and texts -> prompts and targets.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "gpt/core/error.h"
#include "gptask/text_to_text/task.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;

/// The texts of a field: those of a JSON list of texts, or the field itself.
std::vector<std::string> texts_in(const std::string& field) {
  if (field.empty() || field.front() != '[') return {field};
  const auto json = nlohmann::json::parse(field, nullptr, false);
  if (!json.is_array() || json.empty()) return {field};
  std::vector<std::string> texts;
  for (const auto& item : json) {
    if (!item.is_string()) return {field};
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

const std::string& field_of(const RowReader& reader, const Row& row, std::size_t column) {
  const auto& field = row.fields[column];
  if (!field) fail(ErrorCode::malformed, "{}: the row has no \"{}\"", reader.where(row), reader.columns()[column]);
  return *field;
}

std::size_t find_column(const RowReader& reader, const std::string& given, const std::vector<std::string>& usual,
                        const char* option) {
  if (!given.empty()) return reader.column(given, option);
  for (const std::string& name : usual)
    if (const auto found = reader.find_column(name)) return *found;
  fail(ErrorCode::not_found, "{}: which column holds the {}? It has {}. Say --{} NAME", reader.source(),
       std::string_view(option) == "source_column" ? "text to read" : "text to write", reader.list_columns(), option);
}

bool blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

}  // namespace

TextToTextTask::Source TextToTextTask::open(const std::filesystem::path& file, bool with_target) const {
  Source from{RowReader::open(file, format_), 0, {}};
  const Columns usual = usual_columns();
  const bool only = !with_target && source_column_.empty() && from.reader->columns().size() == 1;
  from.source = only ? 0 : find_column(*from.reader, source_column_, usual.source, "source_column");
  if (!with_target) return from;
  for (const std::string& name : target_columns_) from.targets.push_back(from.reader->column(name, "target_column"));
  if (from.targets.empty()) from.targets = {find_column(*from.reader, "", usual.target, "target_column")};
  return from;
}

TextToTextTask::Texts TextToTextTask::texts_of(const Source& from, const Row& row, bool with_target) const {
  Texts texts;
  for (const std::string& part : texts_in(field_of(*from.reader, row, from.source)))
    texts.source += (texts.source.empty() ? "" : " ") + part;
  if (!with_target) return texts;
  for (const std::size_t column : from.targets)
    for (std::string& target : texts_in(field_of(*from.reader, row, column)))
      texts.targets.push_back(std::move(target));
  return texts;
}

std::unique_ptr<gpt::TaskData> TextToTextTask::read(const std::filesystem::path& file, const gpt::Reading& how) {
  const bool with_target = how.purpose != gpt::Purpose::predict;
  const Prompt prompt(prompt_options(), how.tokenizer, how.max_tokens);
  const Source from = open(file, with_target);
  auto data = std::make_unique<TextData>(prompt, from.reader->source());
  std::uint64_t skipped = 0;
  for (Row row; data->examples.size() < how.most_rows && from.reader->next(row);) {
    how.tell(row.number);
    const Texts texts = texts_of(from, row, with_target);
    if (how.purpose == gpt::Purpose::train &&
        (blank(texts.source) || std::all_of(texts.targets.begin(), texts.targets.end(), blank))) {
      ++skipped;
      continue;
    }
    data->add_texts(texts.source, texts.targets, row.number);
  }
  if (skipped > 0) data->skipped["empty text"] = skipped;
  if (data->examples.empty())
    fail(ErrorCode::malformed, "{} has no rows{}", data->source, skipped > 0 ? " with both texts" : "");
  return data;
}

std::unique_ptr<gpt::TaskData> TextToTextTask::from_texts(std::span<const std::string> texts,
                                                          const gpt::Tokenizer& tokenizer,
                                                          std::int64_t max_tokens) const {
  auto data = std::make_unique<TextData>(Prompt(prompt_options(), tokenizer, max_tokens), "texts");
  for (std::size_t i = 0; i < texts.size(); ++i) data->add_texts(texts[i], {}, i + 1);
  return data;
}

}  // namespace gptask
