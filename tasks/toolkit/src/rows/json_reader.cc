#include <algorithm>
#include <utility>

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "readers.h"

namespace gptask {

using gpt::ErrorCode;
using gpt::fail;

JsonReader::JsonReader(TextFile file, bool lines)
    : RowReader(file.name()), file_(std::move(file)), layout_(lines ? Layout::lines : Layout::objects) {
  if (!lines) detect_layout();
  Row first;
  first.number = 1;
  if (ahead_.empty() && next_text(first)) ahead_.push_back({parse_text(first), first.line});
  if (!ahead_.empty()) add_columns(ahead_.front().value);
}

/// Tells an array, {"data": [...]}, and objects one after the other apart.
void JsonReader::detect_layout() {
  skip_space();
  if (file_.peek() == '[') {
    file_.get();
    layout_ = Layout::array;
    return;
  }
  Row first;
  first.number = 1;
  first.line = file_.line_number();
  if (take_object(first, true)) {
    layout_ = Layout::data;
    return;
  }
  nlohmann::json object = parse_text(first);
  skip_space();
  if (file_.peek() == TextFile::end && object.contains("data") && object["data"].is_array())
    fail(ErrorCode::malformed, "{}, line {}: row 1 of \"data\" is no object ({{\"text\": ...}})", source(), first.line);
  ahead_.push_back({std::move(object), first.line});
}

bool JsonReader::read(Row& row) {
  nlohmann::json object;
  if (!ahead_.empty()) {
    object = std::move(ahead_.front().value);
    row.line = ahead_.front().line;
    ahead_.pop_front();
  } else if (next_text(row)) {
    object = parse_text(row);
  } else {
    return false;
  }
  if (!object.is_object())
    fail(ErrorCode::malformed, "{}: a row is an object ({{\"text\": ...}}), not {}", where(row), object.type_name());
  add_columns(object);
  row.fields.assign(columns_.size(), std::nullopt);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto found = object.find(columns_[i]);
    if (found == object.end() || found->is_null()) continue;
    row.fields[i] = found->is_string() ? found->get<std::string>() : found->dump();
  }
  return true;
}

bool JsonReader::next_text(Row& row) {
  if (layout_ == Layout::array || layout_ == Layout::data) return next_element(row);
  if (layout_ == Layout::objects) {
    skip_space();
    if (file_.peek() == TextFile::end) return false;
    row.line = file_.line_number();
    take_object(row);
    return true;
  }
  do {
    row.line = file_.line_number();
    if (!file_.line(text_)) return false;
  } while (text_.find_first_not_of(" \t") == std::string::npos);
  return true;
}

bool JsonReader::next_element(Row& row) {
  skip_space();
  const bool closed = file_.peek() == ']';
  if (closed) {
    file_.get();
    expect_end();
    layout_ = Layout::objects;  // at its end
    return false;
  }
  if (std::exchange(begun_, true)) {
    if (file_.peek() != ',')
      fail(ErrorCode::malformed, "{}, line {}: a comma or ] is expected before row {}", source(), file_.line_number(),
           row.number);
    file_.get();
    skip_space();
  }
  row.line = file_.line_number();
  take_object(row);
  return true;
}

namespace {

/// Where a text of JSON stands: how deep, and whether in a string.
struct Place {
  std::int64_t depth = 0;
  bool in_string = false, escaped = false;

  void pass(int byte) {
    if (in_string) {
      in_string = escaped || byte != '"';
      escaped = !escaped && byte == '\\';
      return;
    }
    in_string = byte == '"';
    if (byte == '{' || byte == '[') ++depth;
    if (byte == '}' || byte == ']') --depth;
  }
};

/// Whether the text of an object ends with a member's name and a colon.
bool ends_with_name(std::string_view text, std::string_view name) {
  const auto drop_space = [&] { text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1); };
  drop_space();
  if (!text.ends_with(':')) return false;
  text.remove_suffix(1);
  drop_space();
  return text.ends_with(name);
}

}  // namespace

int JsonReader::next_byte(const Row& row) {
  const int byte = file_.get();
  if (byte == TextFile::end)
    fail(ErrorCode::malformed, "{}: the file ends within row {}; it is cut short or a brace is missing", source(),
         row.number);
  return byte;
}

bool JsonReader::take_object(const Row& row, bool find_rows) {
  if (file_.peek() != '{')
    fail(ErrorCode::malformed,
         "{}, line {}: row {} is no object; a .json file holds [{{...}}, ...], {{\"data\": [...]}} or objects",
         source(), file_.line_number(), row.number);
  text_.clear();
  Place place;
  do {
    const int byte = next_byte(row);
    const bool list = byte == '[' && place.depth == 1 && !place.in_string;
    if (list && find_rows && ends_with_name(text_, "\"data\"")) {
      skip_space();
      if (file_.peek() == '{' || file_.peek() == ']') return true;
    }
    text_ += static_cast<char>(byte);
    place.pass(byte);
  } while (place.depth > 0);
  return false;
}

void JsonReader::expect_end() {
  if (layout_ == Layout::data)
    for (Place place{1}; place.depth > 0;) {
      const int byte = file_.get();
      if (byte == TextFile::end)
        fail(ErrorCode::malformed, "{}: the file ends within the object around \"data\"; it is cut short", source());
      place.pass(byte);
    }
  skip_space();
  if (file_.peek() == TextFile::end) return;
  if (layout_ == Layout::data)
    fail(ErrorCode::malformed,
         "{}, line {}: something follows the object with \"data\"; say --format jsonl for rows of a line each",
         source(), file_.line_number());
  fail(ErrorCode::malformed, "{}, line {}: something follows the end of the array", source(), file_.line_number());
}

void JsonReader::skip_space() {
  while (file_.peek() == ' ' || file_.peek() == '\t' || file_.peek() == '\n' || file_.peek() == '\r') file_.get();
}

nlohmann::json JsonReader::parse_text(const Row& row) {
  check_text(text_, where(row));
  // The parser says the line, which may be another than the one the row begins in.
  return gpt::parse_json(text_, fmt::format("{}, row {}", source(), row.number), gpt::DuplicateKeys::last_wins,
                         row.line);
}

void JsonReader::add_columns(const nlohmann::json& object) {
  if (!object.is_object()) return;
  for (const auto& item : object.items()) {
    if (!find_column(item.key())) columns_.push_back(item.key());
  }
}

}  // namespace gptask
