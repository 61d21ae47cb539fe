// Token files and the windows over them.
#include "gpt/data/token_file.h"

#include <numeric>

#include "gpt/data/example_source.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

const std::string tokenizer_hash(32, 'f');

/// `count` tokens 1, 2, 3, ... in one document; the separator 0 follows.
std::shared_ptr<const TokenFile> numbers(const std::filesystem::path& path, std::int32_t count,
                                         std::int64_t vocabulary = 1000) {
  TokenFileWriter writer(path, vocabulary, 0, tokenizer_hash);
  std::vector<std::int32_t> ids(static_cast<std::size_t>(count));
  std::iota(ids.begin(), ids.end(), 1);
  writer.add(ids, static_cast<std::size_t>(3 * count));
  writer.commit();
  return std::make_shared<const TokenFile>(path);
}

}  // namespace

TEST_CASE("token file: documents come back with separators, in 16 or 32 bits") {
  const TemporaryFolder folder;
  const std::int64_t vocabulary = GENERATE(65536, 65537);
  const std::int32_t last = static_cast<std::int32_t>(vocabulary) - 1;
  const auto path = folder / "x.tokens";
  TokenFileWriter writer(path, vocabulary, 7, tokenizer_hash);
  writer.end_document();  // nothing yet
  writer.add(std::vector<std::int32_t>{1, 2}, 5);
  writer.add(std::vector<std::int32_t>{last}, 4);
  writer.end_document();
  writer.end_document();
  writer.add(std::vector<std::int32_t>{3}, 1);
  CHECK_FALSE(std::filesystem::exists(path));
  writer.commit();
  const TokenFile file(path);
  CHECK(file.size() == 6);
  CHECK(file.info().documents == 2);
  CHECK(file.info().text_bytes == 10);
  CHECK(file.info().vocabulary == vocabulary);
  CHECK(file.info().tokenizer_hash == tokenizer_hash);
  CHECK(std::filesystem::file_size(path) == 6 * (vocabulary == 65536 ? 2 : 4) + 72);
  std::vector<std::int32_t> all(6);
  file.read(0, all);
  CHECK(all == std::vector<std::int32_t>{1, 2, last, 7, 3, 7});
  std::vector<std::int32_t> two(2);
  file.read(4, two);
  CHECK(two == std::vector<std::int32_t>{3, 7});
  CHECK_ERROR(file.read(5, two), "mismatch", "there are no tokens 5 to 7, it has 6");
}

TEST_CASE("token file: ids outside the vocabulary are refused") {
  const TemporaryFolder folder;
  TokenFileWriter writer(folder / "x.tokens", 10, 0, tokenizer_hash);
  CHECK_ERROR(writer.add(std::vector<std::int32_t>{10}, 1), "mismatch", "token 10 is outside the vocabulary of 10");
  CHECK_ERROR(writer.add(std::vector<std::int32_t>{-1}, 1), "mismatch", "token -1");
}

TEST_CASE("token file: broken files") {
  const TemporaryFolder folder;
  const auto path = folder / "x.tokens";
  numbers(path, 5, 10);
  const std::string good = get(path);
  CHECK_ERROR(TokenFile(folder / "none"), "not_found", "none");
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, good.size() - 1}) {
    put(path, good.substr(0, size));
    CHECK_ERROR(TokenFile(path), "malformed", "this is no token file");
  }
  put(path, good.substr(2));
  CHECK_ERROR(TokenFile(path), "malformed", "10 bytes of tokens do not agree with the 6 tokens it claims");
  std::string changed = good;
  changed[2] = 100;  // the second token
  put(path, changed);
  const TokenFile file(path);
  std::vector<std::int32_t> all(6);
  CHECK_ERROR(file.read(0, all), "malformed", "token 100 is outside its vocabulary of 10");
}

TEST_CASE("token windows: every token but the first is predicted once") {
  const TemporaryFolder folder;
  for (const std::int32_t count : {1, 2, 3, 4, 5, 6, 7, 11}) {
    const TokenWindows windows(numbers(folder / "x.tokens", count), 4);
    std::vector<std::int32_t> predicted;
    for (std::size_t i = 0; i < windows.size(); ++i) {
      Batch batch;
      windows.add(i, batch);
      REQUIRE(batch.sequences() == 1);
      REQUIRE(batch.token_count() >= 2);
      CHECK(batch.token_count() <= 4);
      predicted.insert(predicted.end(), batch.tokens.begin() + 1, batch.tokens.end());
    }
    std::vector<std::int32_t> expected(static_cast<std::size_t>(count));
    std::iota(expected.begin(), expected.end(), 2);
    expected.back() = 0;
    CHECK(predicted == expected);
  }
}

TEST_CASE("token windows: sizes that make no sense, and hashes") {
  const TemporaryFolder folder;
  const auto file = numbers(folder / "x.tokens", 9), other = numbers(folder / "y.tokens", 8);
  CHECK_ERROR(TokenWindows(file, 1), "invalid_option", "at least 2 tokens, not 1");
  CHECK(TokenWindows(file, 4).hash() != TokenWindows(file, 5).hash());
  CHECK(TokenWindows(file, 4).hash() != TokenWindows(other, 4).hash());
  CHECK(TokenWindows(file, 4).hash() == TokenWindows(numbers(folder / "z.tokens", 9), 4).hash());
  TokenFileWriter writer(folder / "e.tokens", 10, 0, tokenizer_hash);
  writer.commit();
  CHECK_ERROR(TokenWindows(std::make_shared<const TokenFile>(folder / "e.tokens"), 4), "mismatch",
              "0 tokens is too short");
}
