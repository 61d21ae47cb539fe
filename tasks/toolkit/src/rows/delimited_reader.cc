#include "gpt/core/error.h"
#include "readers.h"

namespace gptask {

using gpt::ErrorCode;
using gpt::fail;

DelimitedReader::DelimitedReader(TextFile file, char delimiter, bool quotes, bool header, bool drop_extra)
    : RowReader(file.name()), file_(std::move(file)), delimiter_(delimiter), quotes_(quotes), drop_extra_(drop_extra) {
  if (!record(record_, source() + ", first row"))
    fail(ErrorCode::malformed, "{} is empty; a data file needs at least one row", source());
  if (header) {
    columns_ = record_;
    for (const std::string& name : columns_) check_text(name, source() + ", header");
    return;
  }
  for (std::size_t i = 1; i <= record_.size(); ++i) columns_.push_back(std::to_string(i));
  pending_ = true;
}

bool DelimitedReader::read(Row& row) {
  row.line = pending_ ? 1 : file_.line_number();
  if (!std::exchange(pending_, false)) {
    do {
      row.line = file_.line_number();
      if (!record(record_, where(row))) return false;
    } while (columns_.size() > 1 && record_.size() == 1 && record_[0].empty());  // a blank line
  }
  if (drop_extra_ && record_.size() > columns_.size()) record_.resize(columns_.size());
  if (record_.size() != columns_.size())
    fail(ErrorCode::malformed, "{}: {} fields where {} are expected (as many as the first row has){}", where(row),
         record_.size(), columns_.size(),
         quotes_ ? "; is a field with the delimiter in it not quoted?"
                 : "; --quotes yes reads quoted fields, "
                   "--extra_columns drop leaves out what is more");
  row.fields.assign(record_.begin(), record_.end());
  return true;
}

bool DelimitedReader::record(std::vector<std::string>& fields, const std::string& place) {
  fields.clear();
  if (file_.peek() == TextFile::end) return false;
  do {
    fields.emplace_back();
  } while (field(fields.back(), place, fields.size()));
  return true;
}

/// Reads one field and what ends it; true if that was the delimiter.
bool DelimitedReader::field(std::string& text, const std::string& place, std::size_t number) {
  const bool in_quotes = quotes_ && file_.peek() == '"';
  if (in_quotes) quoted(text, place, number);
  const std::size_t inside = text.size();
  for (;;) {
    const int byte = file_.get();
    if (byte == delimiter_) return true;
    if (byte == '\n' || byte == TextFile::end) {
      if (text.size() > inside && text.back() == '\r') text.pop_back();
      return false;
    }
    text += static_cast<char>(byte);
    const bool carriage_return = byte == '\r' && (file_.peek() == '\n' || file_.peek() == TextFile::end);
    if (in_quotes && !carriage_return)
      fail(ErrorCode::malformed,
           "{}, field {}: \"{}\" after the closing quote; a quote inside a quoted field is written twice", place,
           number, static_cast<char>(byte));
  }
}

void DelimitedReader::quoted(std::string& text, const std::string& place, std::size_t number) {
  file_.get();
  for (;;) {
    const int byte = file_.get();
    if (byte == TextFile::end)
      fail(ErrorCode::malformed,
           "{}, field {}: the quote that opens it is never closed; --quotes no reads quotes as text", place, number);
    if (byte == '"') {
      if (file_.peek() != '"') return;
      file_.get();
    }
    text += static_cast<char>(byte);
  }
}

}  // namespace gptask
