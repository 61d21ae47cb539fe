// What a reader says about each way a data file can be wrong.
#include "gptask/toolkit/row_reader.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

namespace {

using gpt::test::put;
using gpt::test::TemporaryFolder;
using gptask::ReadOptions;
using gptask::Row;
using gptask::RowReader;
using namespace std::string_view_literals;

/// Reads the file to its end.
void read(const std::string& name, std::string_view content, const ReadOptions& options = {}) {
  const TemporaryFolder folder;
  put(folder / name, content);
  const auto reader = RowReader::open(folder / name, options);
  for (Row row; reader->next(row);) {
  }
}

}  // namespace

TEST_CASE("files that cannot be opened as data") {
  CHECK_ERROR(RowReader::open("no/such.csv"), "not_found", "no/such.csv");
  CHECK_ERROR(read("a.csv", ""), "malformed", "a.csv is empty; a data file needs at least one row");
  CHECK_ERROR(read("a.csv", "\xEF\xBB\xBF"), "malformed", "a.csv is empty");
  CHECK_ERROR(read("a.json", " \n"), "malformed", "is no object");
  CHECK_ERROR(
      read("a.xlsx", "x"), "invalid_option",
      "its name does not tell its format; say --format with one of csv, tsv, json, jsonl, fasttext, labeled, text");
  CHECK_ERROR(read("a.csv", "x", {"cvs", true, {}}), "invalid_option", "not \"cvs\"");
  CHECK_ERROR(read("a.csv", "\xFF\xFEt\0e\0"sv), "malformed", "UTF-16 byte order mark; only UTF-8 is read");
}

TEST_CASE("bytes that are no text") {
  CHECK_ERROR(read("a.csv", "text,label\na,1\nb\0c,2\n"sv), "malformed",
              "a.csv, row 2 (line 3), column \"text\": a NUL byte at byte 1;");
  CHECK_ERROR(read("a.csv", "text,label\na,1\ncaf\xE9,2\n"), "malformed",
              "a.csv, row 2 (line 3), column \"text\": byte 0xE9 at byte 3 is no UTF-8");
  CHECK_ERROR(read("a.tsv", "te\xE9xt\tlabel\n"), "malformed", "a.tsv, header: byte 0xE9 at byte 2 is no UTF-8");
  CHECK_ERROR(read("a.jsonl", "{\"text\": \"\xC0\x80\"}"), "malformed",
              "row 1 (line 1): byte 0xC0 at byte 10 is no UTF-8");
  CHECK_ERROR(read("a.jsonl", R"({"text": "a\u0000"})"), "malformed",
              "row 1 (line 1), column \"text\": a NUL byte at byte 1");
  CHECK_ERROR(read("a.txt", "ok\n\xED\xA0\x80\n"), "malformed", "row 2 (line 2), column \"text\": byte 0xED at byte 0");
  CHECK_ERROR(read("a.txt", "\xF4\x90\x80\x80"), "malformed", "byte 0xF4 at byte 0");
  CHECK_ERROR(read("a.txt", "x\xE2\x82"), "malformed", "byte 0xE2 at byte 1");
}

TEST_CASE("ragged rows and quotes that do not fit") {
  CHECK_ERROR(
      read("a.csv", "text,label\na,1\nb,c,2\n"), "malformed",
      "row 2 (line 3): 3 fields where 2 are expected (as many as the first row has); is a field with the delimiter");
  CHECK_ERROR(
      read("a.tsv", "text\tlabel\na\n"), "malformed",
      "row 1 (line 2): 1 fields where 2 are expected (as many as the first row has); --quotes yes reads quoted fields");
  CHECK_ERROR(read("a.csv", "text,label\na,1\n\"b,2\nc,3\n"), "malformed",
              "row 2 (line 3), field 1: the quote that opens it is never closed");
  CHECK_ERROR(read("a.csv", "text,label\n\"a\"b,1\n"), "malformed",
              "row 1 (line 2), field 1: \"b\" after the closing quote");
}

TEST_CASE("columns that are not there") {
  const TemporaryFolder folder;
  put(folder / "a.csv", "review,label,label\na,1,2\n");
  const auto reader = RowReader::open(folder / "a.csv");
  CHECK_ERROR(reader->column("reviews", "text_column"), "not_found",
              "there is no column \"reviews\" (--text_column); it has \"review\", \"label\", \"label\"; did you mean "
              "\"review\"?");
  CHECK_ERROR(reader->column("4", "text_column"), "not_found", "there is no column \"4\"");
  CHECK_ERROR(reader->column("0", "text_column"), "not_found", "there is no column \"0\"");
  CHECK_ERROR(reader->column("label", "label_column"), "malformed",
              "2 columns are named \"label\"; say which by its number: --label_column 2");
  std::string wide = "c0";
  for (int i = 1; i < 30; ++i) wide += ",c" + std::to_string(i);
  put(folder / "wide.csv", wide + "," + std::string(100, 'n') + "\n");
  CHECK_ERROR(RowReader::open(folder / "wide.csv")->column("x", "text_column"), "not_found", "\"c19\" and 11 more");
}

TEST_CASE("JSON that is none, or none of rows") {
  CHECK_ERROR(read("a.jsonl", "{\"a\": 1}\n{\"a\": }\n"), "malformed", "a.jsonl, row 2: line 2, column 7 (byte 6): ");
  CHECK_ERROR(read("a.json", "[\n{\"a\": 1},\n{\n\"a\": oops}]"), "malformed",
              "a.json, row 2: line 4, column 6 (byte 7): ");
  CHECK_ERROR(read("a.jsonl", "{\"a\": 1}\n[1, 2]\n"), "malformed",
              "row 2 (line 2): a row is an object ({\"text\": ...}), not array");
  CHECK_ERROR(read("a.json", "[{\"a\": 1}\n {\"a\": 2}]"), "malformed",
              "line 2: a comma or ] is expected before row 2");
  CHECK_ERROR(read("a.json", "[{\"a\": 1}, 5]"), "malformed", "line 1: row 2 is no object; a .json file holds");
  CHECK_ERROR(read("a.json", "[{\"a\": 1}, {\"a\": "), "malformed", "the file ends within row 2");
  CHECK_ERROR(read("a.json", "[{\"a\": 1}] x"), "malformed", "something follows the end of the array");
  CHECK_ERROR(read("a.json", "[{\"a\": 1}"), "malformed", "a comma or ] is expected before row 2");
  CHECK_ERROR(read("a.json", "{\"data\": [3]}"), "malformed", "line 1: row 1 of \"data\" is no object");
  CHECK_ERROR(read("a.json", "{\"data\":\n[{\"a\": 1},\n3]}"), "malformed", "line 3: row 2 is no object");
  CHECK_ERROR(read("a.json", "{\"data\": [{\"a\": 1}]"), "malformed",
              "the file ends within the object around \"data\"; it is cut short");
  CHECK_ERROR(read("a.json", "{\"data\": [{\"a\": 1}]}\n{\"data\": [{\"a\": 1}]}"), "malformed",
              "line 2: something follows the object with \"data\"; say --format jsonl for rows of a line each");
  CHECK_ERROR(read("a.jsonl", "{\"a\": " + std::string(5000, '[') + std::string(5000, ']') + "}"), "malformed",
              "row 1: line 1, column 106 (byte 105): nested deeper than 100 levels");
}

TEST_CASE("lines with two labels, files that do not align") {
  const TemporaryFolder folder;
  put(folder / "a.en", "one\ntwo\n");
  put(folder / "a.de", "eins\n");
  const std::vector<std::filesystem::path> files{folder / "a.en", folder / "a.de"};
  const std::vector<std::string> names{"en", "de"};
  const auto reader = RowReader::open_aligned(files, names);
  Row row;
  REQUIRE(reader->next(row));
  CHECK_ERROR(reader->next(row), "mismatch", "a.de ends after 1 lines, " + (folder / "a.en").string() + " goes on");
  CHECK_ERROR(RowReader::open_aligned(files, std::vector<std::string>{"en"}), "invalid_option", "2 files, 1 names");
}
