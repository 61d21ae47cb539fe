// Files that lie: each must give an Error that says what is wrong, and never more than the file's own size in memory.
#include "gpt/io/gguf.h"
#include "gpt/io/safetensors.h"
#include "io/hostile_cases.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

using namespace gpt;
using namespace gpt::test;

namespace {

template <typename Open>
void check_all(const std::vector<Case>& cases, const char* file_name, const Open& open) {
  const test::TemporaryFolder folder;
  for (const auto& hostile : cases) {
    INFO(hostile.name);
    const auto path = folder / file_name;
    test::put(path, hostile.content);
    CHECK_ERROR(open(path), hostile.code, hostile.message);
    CHECK_ERROR(open(path), hostile.code, file_name);
    CHECK_ERROR(open(path), hostile.code, "(at byte ");
  }
}

/// Every shorter file is an error; the whole one is none.
template <typename Open>
void check_truncation(const std::string& whole, const char* file_name, const Open& open) {
  const test::TemporaryFolder folder;
  const auto path = folder / file_name;
  test::put(path, whole);
  REQUIRE(test::error_of([&] { open(path); }) == "no error");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    test::put(path, whole.substr(0, size));
    INFO(size);
    CHECK_ERROR(open(path), "malformed", file_name);
  }
}

const auto open_safetensors = [](const std::filesystem::path& path) { return SafetensorsFile(path); };
const auto open_gguf = [](const std::filesystem::path& path) { return GgufFile(path); };

}  // namespace

TEST_CASE("hostile safetensors files are refused") {
  check_all(hostile_safetensors(), "hostile.safetensors", open_safetensors);
}

TEST_CASE("hostile GGUF files are refused") { check_all(hostile_gguf(), "hostile.gguf", open_gguf); }

TEST_CASE("a safetensors file cut at any byte is refused") {
  const test::TemporaryFolder folder;
  const std::vector<float> data{1, 2, 3};
  write_safetensors(folder / "a", {{"a", StoredType::f32, {3}, data.data()}, {"b", StoredType::f16, {2}, data.data()}});
  check_truncation(test::get(folder / "a"), "cut.safetensors", open_safetensors);
}

TEST_CASE("a GGUF file cut at any byte is refused") {
  const auto whole = gguf(2, 2,
                          entry("name", 8, text("x")) + array(8, 2, text("a") + text("bc")) +
                              tensor("a", {2, 2}, 1, 0) + tensor("b", {3}, 0, 32),
                          std::string(44, '\1'));
  check_truncation(whole, "cut.gguf", open_gguf);
}

TEST_CASE("a file with any byte changed is read or refused, nothing else") {
  const test::TemporaryFolder folder;
  const std::string whole =
      gguf(1, 2, array(8, 2, text("a") + text("bc")) + entry("n", 10, raw(~std::uint64_t{0})) + tensor("a", {4}, 0, 0),
           std::string(16, '\1'));
  const auto path = folder / "changed.gguf";
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int change : {1, 0x80, 0xFF}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ change);
      test::put(path, changed);
      CHECK_NOTHROW(test::error_of([&] { open_gguf(path); }));
    }
}
