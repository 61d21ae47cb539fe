// The readers behind RowReader::open.
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gptask/toolkit/row_reader.h"
#include "text_file.h"

namespace gptask {

/// csv and tsv.
class DelimitedReader : public RowReader {
 public:
  DelimitedReader(TextFile file, char delimiter, bool quotes, bool header, bool drop_extra);

 private:
  bool read(Row& row) override;
  bool record(std::vector<std::string>& fields, const std::string& place);
  bool field(std::string& text, const std::string& place, std::size_t number);
  void quoted(std::string& text, const std::string& place, std::size_t number);

  TextFile file_;
  char delimiter_;
  bool quotes_, drop_extra_;
  std::vector<std::string> record_;
  bool pending_ = false;  ///< record_ holds the first row, which was read to count the columns
};

/// json and jsonl.
class JsonReader : public RowReader {
 public:
  JsonReader(TextFile file, bool lines);

 private:
  enum class Layout { lines, array, objects, data };
  void detect_layout();
  bool read(Row& row) override;
  /// The JSON text of the next row and the line it starts on; false at the end.
  bool next_text(Row& row);
  bool next_element(Row& row);
  /// Copies one object to text_, without parsing what is in it. With `find_rows` it stops, and says so, after the
  /// bracket that opens a list of objects under "data".
  bool take_object(const Row& row, bool find_rows = false);
  /// The file must end here; what is left of the object around "data" goes first.
  void expect_end();
  int next_byte(const Row& row);
  void skip_space();
  nlohmann::json parse_text(const Row& row);
  void add_columns(const nlohmann::json& object);

  TextFile file_;
  Layout layout_;
  std::string text_;
  struct Parsed {
    nlohmann::json value;
    std::uint64_t line = 0;
  };
  std::deque<Parsed> ahead_;  ///< rows that were parsed to learn the columns
  bool begun_ = false;        ///< an element of the array was read, so a comma comes next
};

/// fasttext, labeled and text.
class LineReader : public RowReader {
 public:
  enum class Kind { fasttext, labeled, text };
  LineReader(TextFile file, Kind kind);
  bool labels_are_words() const override { return kind_ == Kind::fasttext; }

 private:
  bool read(Row& row) override;

  TextFile file_;
  Kind kind_;
  std::string line_;
};

}  // namespace gptask
