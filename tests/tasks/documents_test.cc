// Texts without labels: files, pieces, rows.
#include "gptask/toolkit/documents.h"

#include "support/errors.h"
#include "support/temporary_folder.h"

using namespace gptask;
using namespace gpt::test;

namespace {

struct Document {
  std::string text;
  std::size_t pieces = 0;
};

std::vector<Document> read(const std::vector<std::filesystem::path>& files, const std::string& column = "") {
  DocumentReader reader(files, column);
  std::vector<Document> documents;
  bool open = false;
  for (DocumentPiece piece; reader.next(piece);) {
    if (!open) documents.emplace_back();
    documents.back().text += piece.text;
    ++documents.back().pieces;
    open = !piece.last;
  }
  CHECK_FALSE(open);
  return documents;
}

}  // namespace

TEST_CASE("documents: a plain text comes in pieces that end between lines of text") {
  const TemporaryFolder folder;
  std::string text = "\xEF\xBB\xBF";
  for (int i = 0; text.size() < (3U << 20); ++i) text += "line " + std::to_string(i) + (i % 3 == 0 ? " \n\n" : "\n");
  put(folder / "a.txt", text);
  put(folder / "b.txt", "short\n");
  put(folder / "c.txt", "");
  const auto documents = read({folder / "a.txt", folder / "b.txt", folder / "c.txt"});
  REQUIRE(documents.size() == 3);
  CHECK(documents[0].text == text.substr(3));
  CHECK(documents[0].pieces == 4);
  CHECK(documents[1].text == "short\n");
  CHECK(documents[2].text.empty());
  DocumentReader reader({folder / "a.txt"}, "");
  DocumentPiece piece;
  REQUIRE(reader.next(piece));
  CHECK(reader.plain());
  CHECK(piece.text.back() == '\n');
  CHECK(piece.text[piece.text.size() - 2] != ' ');
  CHECK(piece.text[piece.text.size() - 2] != '\n');
}

TEST_CASE("documents: a text without line ends is cut all the same") {
  const TemporaryFolder folder;
  const std::string text(std::size_t{70} << 20, 'x');
  put(folder / "a.txt", text);
  const auto documents = read({folder / "a.txt"});
  REQUIRE(documents.size() == 1);
  CHECK(documents[0].text == text);
  CHECK(documents[0].pieces > 1);
}

TEST_CASE("documents: a row is one") {
  const TemporaryFolder folder;
  put(folder / "a.jsonl", "{\"id\": 1, \"text\": \"one\\ntwo\"}\n{\"id\": 2, \"text\": \"\"}\n{\"text\": \"three\"}\n");
  put(folder / "b.csv", "story\n\"once, upon\"\n");
  const auto documents = read({folder / "a.jsonl", folder / "b.csv"});
  REQUIRE(documents.size() == 3);
  CHECK(documents[0].text == "one\ntwo");
  CHECK(documents[1].text == "three");
  CHECK(documents[2].text == "once, upon");
  CHECK(read({folder / "a.jsonl"}, "id").size() == 2);
  CHECK_ERROR(read({folder / "a.jsonl"}, "body"), "not_found", "text_column");
}

TEST_CASE("documents: names, folders and patterns") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "books/old");
  for (const char* name : {"books/b.txt", "books/a.md", "books/old/c.jsonl", "books/cover.png"})
    put(folder / name, "x");
  const auto names = [&](const std::string& name) {
    std::vector<std::string> found;
    for (const auto& file : expand_files({(folder / name).string()})) found.push_back(file.filename().string());
    return found;
  };
  CHECK(names("books") == std::vector<std::string>{"a.md", "b.txt", "c.jsonl"});
  CHECK(names("books/*.txt") == std::vector<std::string>{"b.txt"});
  CHECK(names("books/cover.png") == std::vector<std::string>{"cover.png"});
  CHECK_ERROR(names("none"), "not_found", "no such file, folder or pattern");
  CHECK_ERROR(names("none*"), "not_found", "no such file, folder or pattern");
  std::filesystem::create_directories(folder / "empty");
  CHECK_ERROR(names("empty"), "not_found", "no text file in this folder");
}
