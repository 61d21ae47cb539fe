#include "gptask/toolkit/row_texts.h"

#include <cstdlib>
#include <filesystem>

#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

namespace {

using Texts = std::vector<std::string>;

/// Sets TMPDIR to a folder until the end of the scope.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::filesystem::path& folder) { setenv("TMPDIR", folder.c_str(), 1); }
  ~TemporaryDirectory() { unsetenv("TMPDIR"); }
};

}  // namespace

TEST_CASE("texts of rows are the same in memory and on the disk") {
  gpt::test::TemporaryFolder folder;
  const TemporaryDirectory directory(folder.path());
  for (const std::size_t most : {std::size_t{1} << 20, std::size_t{1000}, std::size_t{1}}) {
    gptask::RowTexts texts(most);
    std::vector<Texts> expected;
    for (std::size_t i = 0; i < 200; ++i) {
      expected.push_back({std::to_string(i), "", std::string(i, 'x'), "two\nlines"});
      expected.back().resize(i % 5);
      texts.add(expected.back());
    }
    REQUIRE(texts.size() == 200);
    for (std::size_t i = 0; i < 200; ++i) CHECK(texts[i] == expected[i]);
    const gptask::RowTexts some = texts.take(std::vector<std::uint32_t>{199, 3, 3});
    CHECK(some.size() == 3);
    CHECK(some[0] == expected[199]);
    CHECK(some[2] == expected[3]);
    CHECK(std::filesystem::is_empty(folder.path()));  // its files have no name
  }
}

TEST_CASE("texts that find no room on the disk are an error that names the folder") {
  const TemporaryDirectory directory("/dev/null");
  gptask::RowTexts texts(1);
  texts.add(Texts{"a"});
  CHECK_ERROR(texts.add(Texts{"b"}), "io", "/dev/null");
}
