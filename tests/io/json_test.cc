#include "gpt/io/json.h"

#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

using namespace gpt;

TEST_CASE("JSON is read with positions in errors") {
  CHECK(parse_json(R"({"a": [1, 2.5, "x\"["]})", "t")["a"][2] == "x\"[");
  CHECK_ERROR(parse_json("{\n  \"a\": 1,\n  oops\n}", "config.json"), "malformed",
              "config.json: line 3, column 3 (byte 14)");
  CHECK_ERROR(parse_json("", "t"), "malformed", "line 1, column 1 (byte 0)");
  CHECK_ERROR(parse_json("{\n  oops\n}", "t, row 7", DuplicateKeys::last_wins, 30), "malformed",
              "t, row 7: line 31, column 3 (byte 4): ");
  CHECK_ERROR(parse_json("{\"a\": 1", "t"), "malformed", "unexpected end of input");
  CHECK_ERROR(parse_json("[1e999]", "t"), "malformed", "t: ");
  CHECK_ERROR(parse_json("[1] 2", "t"), "malformed", "column 5");
}

TEST_CASE("nesting is limited") {
  CHECK_NOTHROW(parse_json(std::string(100, '[') + std::string(100, ']'), "t"));
  CHECK_ERROR(parse_json(std::string(101, '[') + std::string(101, ']'), "t"), "malformed",
              "nested deeper than 100 levels");
  CHECK_ERROR(parse_json(std::string(1'000'000, '['), "t"), "malformed", "(byte 100)");
  CHECK_NOTHROW(parse_json('"' + std::string(1000, '[') + '"', "t"));
}

TEST_CASE("lists are limited, so that memory stays near the size of the text") {
  const auto zeros = [](std::size_t count) {
    std::string text = "[0";
    for (std::size_t i = 1; i < count; ++i) text += ",0";
    return text + "]";
  };
  CHECK(parse_json(zeros(1 << 20), "t").size() == 1 << 20);
  CHECK_ERROR(parse_json(zeros((1 << 20) + 1), "t"), "malformed",
              "t: line 1, column 2097153 (byte 2097152): a list of");
  CHECK_ERROR(parse_json("]]", "t"), "malformed", "column 1");
}

TEST_CASE("a name that occurs twice: the last, or an error") {
  const char* twice = R"({"x": [{"a": 1}, {"a": 2}], "b": 1, "b": 2})";
  CHECK(parse_json(twice, "t")["b"] == 2);
  CHECK_ERROR(parse_json(twice, "t", DuplicateKeys::refuse), "malformed",
              "t: line 1, column 40 (byte 39): the name 'b' occurs twice");
  CHECK_NOTHROW(parse_json(R"({"x": [{"a": 1}, {"a": 2}], "a": {"a": 1}})", "t", DuplicateKeys::refuse));
}

TEST_CASE("JSON files go out and in") {
  const test::TemporaryFolder folder;
  const auto path = folder / "a.json";
  write_json_file(path, {{"text", "grün \xff"}, {"number", 0.1}});
  CHECK(test::get(path) == "{\n  \"number\": 0.1,\n  \"text\": \"grün \xEF\xBF\xBD\"\n}\n");
  CHECK(read_json_file(path)["number"] == 0.1);
  CHECK_ERROR(read_json_file(folder / "none.json"), "not_found", "none.json: No such file or directory");
  test::put(path, "{");
  CHECK_ERROR(read_json_file(path), "malformed", "a.json: line 1, column 2");
}

TEST_CASE("what follows a JSON value is found at once, however long it is") {
  const test::TemporaryFolder folder;
  const auto path = folder / "config.json";
  test::put(path, R"({"a": [1]})");
  std::filesystem::resize_file(path, std::uintmax_t{4} << 30);  // zeros that take no room
  CHECK_ERROR(read_json_file(path), "malformed", "column 11 (byte 10): something follows the end of the value");
}
