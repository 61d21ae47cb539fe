#include "gpt/io/mapped_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "gpt/io/reader.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

using namespace gpt;

TEST_CASE("files are mapped or refused with the reason") {
  const test::TemporaryFolder folder;
  test::put(folder / "a", "hello");
  test::put(folder / "empty", "");
  CHECK(MappedFile::open(folder / "a")->text() == "hello");
  CHECK(MappedFile::open(folder / "empty")->bytes().empty());
  CHECK_ERROR(MappedFile::open(folder / "none"), "not_found", "none: No such file or directory");
  CHECK_ERROR(MappedFile::open(folder.path()), "io", "Is a directory");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_ERROR(MappedFile::open(folder / "pipe"), "io", "it is a pipe or a device");
}

TEST_CASE("a file without permission to read is refused") {
  const test::TemporaryFolder folder;
  test::put(folder / "secret", "x");
  REQUIRE(::chmod((folder / "secret").c_str(), 0) == 0);
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::seteuid(65534) == 0);  // root may read all
  const auto message = test::error_of([&] { MappedFile::open(folder / "secret"); });
  if (root) REQUIRE(::seteuid(0) == 0);
  CHECK(test::contains(message, "secret: Permission denied; check the owner and the permissions"));
}

TEST_CASE("a mapping outlives the file's name") {
  const test::TemporaryFolder folder;
  test::put(folder / "a", "hello");
  const auto file = MappedFile::open(folder / "a");
  std::filesystem::remove(folder / "a");
  CHECK(file->text() == "hello");
}

TEST_CASE("the reader stays inside") {
  const std::string content = std::string("\x07\x01\x00\x00\x00", 5) + "abc";
  const std::filesystem::path name = "x.bin";
  BoundedReader reader(std::as_bytes(std::span(content)), name);
  CHECK(reader.u8("first") == 7);
  CHECK(reader.u32("second") == 1);
  CHECK(reader.string(3, "text") == "abc");
  CHECK(reader.remaining() == 0);
  CHECK_ERROR(reader.u64("count"), "malformed",
              "x.bin: count takes 8 bytes and only 0 are left: the file is cut short or damaged (at byte 8)");
  CHECK_ERROR(reader.string(~std::uint64_t{0}, "text"), "malformed", "text takes 18446744073709551615 bytes");
}
