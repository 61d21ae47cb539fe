#include "gpt/io/atomic_file.h"

#include <sys/stat.h>

#include <cerrno>

#include "gpt/io/json.h"
#include "gpt/io/safetensors.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/failing_file_system.h"
#include "support/temporary_folder.h"

using namespace gpt;
namespace fs = std::filesystem;

namespace {

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// Calls `work` with the first, second, ... file call failing until it gets through; `check` looks at what is left each
/// time.
template <typename Work, typename Check>
int fail_each_call(bool no_exchange, const Work& work, const Check& check) {
  const auto failed = [&](int nth, int error, bool dead) {
    test::FailingFileSystem failing(nth, error, dead);
    failing.no_exchange = no_exchange;
    std::string message;
    {
      const ScopedFileSystem scoped(failing);
      message = test::error_of(work);
    }
    INFO("call " << nth << (dead ? " and all after" : "") << ": " << message);
    check(message, dead);
    return failing.calls() >= nth;
  };
  int faults = 0;
  for (const bool dead : {false, true})
    for (const int error : {ENOSPC, EIO})
      for (int nth = 1; failed(nth, error, dead); ++nth) ++faults;
  return faults;
}

void build(const fs::path& target, const std::string& content) {
  AtomicFolder folder(target);
  folder.write_file("a.txt", content);
  folder.write_file("sub/b.txt", content);
  const std::vector<float> data(10, 1);
  write_safetensors(folder, "model.safetensors", {{"t", StoredType::f32, {10}, data.data()}});
  folder.commit();
}

}  // namespace

TEST_CASE("a file appears when it is committed") {
  const test::TemporaryFolder folder;
  const auto path = folder / "a.txt";
  {
    AtomicFile file(path);
    file.write("one ");
    file.write(std::string(1'000'000, 'x'));
    CHECK_FALSE(fs::exists(path));
    file.commit();
  }
  CHECK(test::get(path) == "one " + std::string(1'000'000, 'x'));
  { AtomicFile(path).write("dropped"); }
  CHECK(test::get(path).size() == 1'000'004);
  write_file_atomically(path, "new");
  CHECK(test::get(path) == "new");
  CHECK(entries(folder.path()) == 1);
  write_file_atomically(folder / std::string(255, 'n'), "as long as a name may be");
}

TEST_CASE("links are followed, devices are written, folders are refused") {
  const test::TemporaryFolder folder;
  test::put(folder / "real.txt", "old");
  fs::create_symlink("real.txt", folder / "link.txt");
  write_file_atomically(folder / "link.txt", "new");
  CHECK(fs::is_symlink(folder / "link.txt"));
  CHECK(test::get(folder / "real.txt") == "new");
  write_file_atomically("/dev/null", "gone");
  CHECK(fs::is_character_file("/dev/null"));
  CHECK_ERROR(write_file_atomically(folder.path(), "x"), "io", "Is a directory; a file is needed here");
  CHECK_ERROR(write_file_atomically(folder / "none/a.txt", "x"), "not_found",
              "No such file or directory; check the path");
}

TEST_CASE("a disk that is full is named with what to do") {
  const test::TemporaryFolder folder;
  test::FailingFileSystem failing(2, ENOSPC);
  const ScopedFileSystem scoped(failing);
  CHECK_ERROR(write_file_atomically(folder / "a.txt", "x"), "io", "cannot write " + folder.path().string());
  test::FailingFileSystem again(2, ENOSPC);
  const ScopedFileSystem inner(again);
  CHECK_ERROR(write_file_atomically(folder / "a.txt", "x"), "io",
              "No space left on device; the disk is full: free space");
}

TEST_CASE("a file is complete or as before, whichever call fails") {
  const test::TemporaryFolder folder;
  const auto path = folder / "a.txt";
  const std::string old = "old", fresh = "fresh content";
  write_file_atomically(path, old);
  const int faults = fail_each_call(
      false,
      [&] {
        AtomicFile file(path);
        file.write("fresh ");
        file.write("content");
        file.commit();
      },
      [&](const std::string& message, bool dead) {
        const auto found = test::get(path);
        CHECK((found == old || found == fresh));
        if (message == "no error") CHECK(found == fresh);
        if (!dead) CHECK(entries(folder.path()) == 1);  // no temporary remains
        write_file_atomically(path, old);               // with the failing file system: may fail, and must not matter
      });
  CHECK(faults >= 4 * 6);
}

TEST_CASE("a folder is complete, absent or as before, whichever call fails") {
  for (const bool no_exchange : {false, true})
    for (const bool existing : {false, true}) {
      INFO("existing " << existing << ", no exchange " << no_exchange);
      const test::TemporaryFolder folder;
      const auto target = folder / "checkpoint";
      if (existing) build(target, "old");
      const int faults = fail_each_call(
          no_exchange, [&] { build(target, "fresh"); },
          [&](const std::string& message, bool dead) {
            if (message == "no error") REQUIRE(fs::exists(target));
            if (fs::exists(target)) {
              const auto check = verify_folder(target);
              INFO(check.problem);
              CHECK(check.complete);
              const auto content = test::get(target / "a.txt");
              CHECK((content == "fresh" || (existing && content == "old")));
            } else {
              // Only a disk that cannot swap and dies in the middle loses the name; the old folder is beside it.
              CHECK((!existing || (no_exchange && dead)));
            }
            FileSystem::real().remove(target);
            if (existing) build(target, "old");
          });
      CHECK(faults >= 4 * 15);
    }
}

TEST_CASE("a folder without commit leaves nothing") {
  const test::TemporaryFolder folder;
  {
    AtomicFolder pending(folder / "out/deep");
    pending.write_file("a.txt", "x");
  }
  CHECK(entries(folder / "out") == 0);
}

TEST_CASE("names outside the folder, twice or unfinished are refused") {
  const test::TemporaryFolder folder;
  AtomicFolder pending(folder / "out");
  CHECK_ERROR(pending.create("../a"), "invalid_option", "'../a' is no name for a file inside the folder");
  CHECK_ERROR(pending.create("/a"), "invalid_option", "'/a'");
  CHECK_ERROR(pending.create("manifest.json"), "invalid_option", "manifest.json");
  pending.write_file("a", "x");
  CHECK_ERROR(pending.create("a"), "invalid_option", "'a' is written twice");
  const auto open = pending.create("b");
  CHECK_ERROR(pending.commit(), "mismatch", "'b' was started and not finished");
}

TEST_CASE("verify_folder says what is wrong") {
  const test::TemporaryFolder folder;
  const auto target = folder / "checkpoint";
  const auto problem = [&] {
    const auto check = verify_folder(target);
    CHECK(check.complete == check.problem.empty());
    return check.problem;
  };
  CHECK(test::contains(problem(), "is not a folder"));
  build(target, "content");
  CHECK(problem().empty());
  test::put(target / "extra.txt", "fine");
  CHECK(problem().empty());
  test::put(target / "a.txt", "CONTENT");
  CHECK(test::contains(problem(), "a.txt has changed since it was written"));
  test::put(target / "a.txt", "content!");
  CHECK(test::contains(problem(), "a.txt has 8 bytes, its manifest says 7"));
  fs::remove(target / "a.txt");
  CHECK(test::contains(problem(), "a.txt is missing"));
  test::put(target / "manifest.json", R"({"../x": {"size": 1, "xxh3": ""}})");
  CHECK(test::contains(problem(), "outside the folder"));
  test::put(target / "manifest.json", R"({"x": 1})");
  CHECK(test::contains(problem(), "no size and xxh3 for 'x'"));
  test::put(target / "manifest.json", "{");
  CHECK(test::contains(problem(), "line 1"));
  test::put(target / "manifest.json", "[]");
  CHECK(test::contains(problem(), "is not an object"));
  fs::remove(target / "manifest.json");
  CHECK(test::contains(problem(), "the folder was not completed"));
}

TEST_CASE("copy_file copies") {
  const test::TemporaryFolder folder;
  test::put(folder / "source", "text");
  AtomicFolder pending(folder / "out");
  pending.copy_file("copy", folder / "source");
  pending.commit();
  CHECK(test::get(folder / "out/copy") == "text");
  CHECK(verify_folder(folder / "out").complete);
}
