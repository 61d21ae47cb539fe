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

/// All rows: fields joined with "|", "-" for a field that is not there.
std::vector<std::string> rows(RowReader& reader) {
  std::vector<std::string> list;
  for (Row row; reader.next(row);) {
    std::string text;
    for (const auto& field : row.fields) text += "|" + field.value_or("-");
    list.push_back(text.substr(1));
  }
  return list;
}

std::vector<std::string> rows_of(const std::string& name, std::string_view content, const ReadOptions& options = {}) {
  const TemporaryFolder folder;
  put(folder / name, content);
  return rows(*RowReader::open(folder / name, options));
}

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE("csv: quotes, embedded line ends, CR LF, a byte order mark, blank lines") {
  CHECK(rows_of("a.csv", "text,label\nfine,1\n") == Rows{"fine|1"});
  CHECK(rows_of("a.csv", "text,label\nfine,1") == Rows{"fine|1"});
  CHECK(rows_of("a.csv", "text,label\r\n\"a, \"\"b\"\"\r\nc\",1\r\nd,2\r\n") == Rows{"a, \"b\"\r\nc|1", "d|2"});
  CHECK(rows_of("a.csv", "text,label\n\"x\",1\r\ny,\"2\"\r\nz,\"3\"\r") == Rows{"x|1", "y|2", "z|3"});
  CHECK(rows_of("a.csv", "\xEF\xBB\xBFtext,label\n\n5\" disk,1\n\n,\n\n") == Rows{"5\" disk|1", "|"});
  CHECK(rows_of("a.csv", "text\nfirst\n\nthird\n") == Rows{"first", "", "third"});
  CHECK(rows_of("a.csv", "text,label\n") == Rows{});
}

TEST_CASE("csv: row and line numbers count what they say") {
  const TemporaryFolder folder;
  put(folder / "a.csv", "text,label\n\"a\nb\",1\n\nc,2\n");
  const auto reader = RowReader::open(folder / "a.csv");
  Row row;
  REQUIRE(reader->next(row));
  CHECK(reader->where(row) == (folder / "a.csv").string() + ", row 1 (line 2)");
  REQUIRE(reader->next(row));
  CHECK(reader->where(row) == (folder / "a.csv").string() + ", row 2 (line 5)");
  CHECK_FALSE(reader->next(row));
  CHECK_FALSE(reader->next(row));
}

TEST_CASE("tsv: quotes are text unless told otherwise; no header when told") {
  CHECK(rows_of("a.tsv", "text\tlabel\n\"a\" b\t1\n\"\t2\n") == Rows{"\"a\" b|1", "\"|2"});
  CHECK(rows_of("a.tsv", "text\tlabel\n\"a\tb\"\t1\n", {"", true, true}) == Rows{"a\tb|1"});
  CHECK(rows_of("a.csv", "a,b\n\"x\",y\n", {"", true, false}) == Rows{"\"x\"|y"});
  CHECK(rows_of("a.tsv", "1\tgood\n0\tbad\n", {"", false, {}}) == Rows{"1|good", "0|bad"});
  CHECK(rows_of("a.data", "1\tgood\n", {"tsv", false, {}}) == Rows{"1|good"});
}

TEST_CASE("columns are found by name and by number") {
  const TemporaryFolder folder;
  put(folder / "a.tsv", "text\tlabel\na\t1\n");
  const auto named = RowReader::open(folder / "a.tsv");
  CHECK(named->column("label", "label_column") == 1);
  CHECK(named->column("1", "text_column") == 0);
  CHECK(named->find_column("label") == std::optional<std::size_t>(1));
  CHECK_FALSE(named->find_column("labels"));
  const auto numbered = RowReader::open(folder / "a.tsv", {"", false, {}});
  CHECK(numbered->columns() == Rows{"1", "2"});
  CHECK(numbered->column("2", "label_column") == 1);
}

TEST_CASE("json: arrays, data, objects one after the other, lines") {
  const Rows expected{"1|a", "0|b"};
  CHECK(rows_of("a.json", R"( [ {"label": 1, "text": "a"}, {"label": 0, "text": "b"} ] )") == expected);
  CHECK(rows_of("a.json", R"({"version": 2, "data": [{"label": 1, "text": "a"}, {"label": 0, "text": "b"}]})") ==
        expected);
  CHECK(rows_of("a.json", R"({"info": {"data": [{"x": 1}], "s": "\"data\": ["}, "data" : [
      {"label": 1, "text": "a"},{"label": 0, "text": "b"} ], "more": [{"label": 2}], "x": "]}"})") == expected);
  CHECK(rows_of("a.json", R"({"label": 1, "data": [1, 2]} {"label": 0, "data": ["b"]})") ==
        Rows{"[1,2]|1", "[\"b\"]|0"});
  CHECK(rows_of("a.json", R"({"data": []})").empty());
  CHECK(rows_of("a.json", "{\"label\": 1, \"text\": \"a\"}\n{\"label\": 0,\n \"text\": \"b\"}\n") == expected);
  CHECK(rows_of("a.jsonl", "{\"label\": 1, \"text\": \"a\"}\r\n\r\n{\"label\": 0, \"text\": \"b\"}") == expected);
  CHECK(rows_of("a.ndjson", "{\"label\": 1, \"text\": \"a\"}\n") == Rows{"1|a"});
  CHECK(rows_of("a.json", R"({"label": 1, "text": "a"})") == Rows{"1|a"});
  CHECK(rows_of("a.json", "[]") == Rows{});
}

TEST_CASE("json: nested values, missing fields, null, escapes, braces in strings") {
  CHECK(rows_of("a.jsonl", R"({"a": {"en": "x"}, "b": [1, 2], "c": true, "d": 0.5})") ==
        Rows{R"({"en":"x"}|[1,2]|true|0.5)"});
  CHECK(rows_of("a.jsonl", "{\"a\": 1}\n{\"b\": 2, \"a\": null}\n{\"b\": 3}") == Rows{"1", "-|2", "-|3"});
  CHECK(rows_of("a.json", R"([{"t": "}]\"{\\"}, {"t": "\u00e9"}])") == Rows{"}]\"{\\", "\xC3\xA9"});
}

TEST_CASE("lines: fastText, a label before the text, plain text") {
  CHECK(rows_of("a.ft", "__label__pos  a fine film\n__label__neg\tpoor __label__x\nnone\n") ==
        Rows{"pos|a fine film", "neg|poor __label__x", "-|none"});
  CHECK(rows_of("a.txt", "__label__pos a\r\n") == Rows{"pos|a"});
  CHECK(rows_of("a.txt", "DESC:manner How did it go ?\nNUM:dist How far ?", {"labeled", true, {}}) ==
        Rows{"DESC:manner|How did it go ?", "NUM:dist|How far ?"});
  CHECK(rows_of("a.txt", "one\n\nthree\n") == Rows{"one", "", "three"});
}

TEST_CASE("aligned text: line i of one file belongs to line i of the other") {
  const TemporaryFolder folder;
  put(folder / "a.en", "one\ntwo\n");
  put(folder / "a.de", "eins\r\nzwei");
  const std::vector<std::filesystem::path> files{folder / "a.en", folder / "a.de"};
  const std::vector<std::string> names{"en", "de"};
  const auto reader = RowReader::open_aligned(files, names);
  CHECK(reader->columns() == names);
  CHECK(rows(*reader) == Rows{"one|eins", "two|zwei"});
}

TEST_CASE("gzip and zstd are read as what is in them") {
  using namespace std::string_view_literals;
  // printf 'text,label\nfine,1\n' | gzip -n, and zstd
  constexpr auto gz =
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x2b\x49\xad\x28\xd1\xc9\x49\x4c\x4a\xcd\xe1\x4a\xcb\xcc\x4b\xd5\x31\xe4\x02\x00\xe2\x38\xb3\x2c\x12\x00\x00\x00"sv;
  CHECK(rows_of("a.csv.gz", gz) == Rows{"fine|1"});
  constexpr auto zst =
      "\x28\xb5\x2f\xfd\x04\x58\x91\x00\x00\x74\x65\x78\x74\x2c\x6c\x61\x62\x65\x6c\x0a\x66\x69\x6e\x65\x2c\x31\x0a\x29\xc2\x2a\x27"sv;
  CHECK(rows_of("a.csv.zst", zst) == Rows{"fine|1"});
}

TEST_CASE("a line of ten megabytes is a row like any other") {
  const std::string longest(10'000'000, 'x');
  CHECK(rows_of("a.tsv", "text\tlabel\n" + longest + "\t1\nb\t0\n") == Rows{longest + "|1", "b|0"});
  CHECK(rows_of("a.csv", "text,label\n\"" + longest + "\",1\n") == Rows{longest + "|1"});
  CHECK(rows_of("a.jsonl", "{\"t\": \"" + longest + "\"}\n") == Rows{longest});
}
