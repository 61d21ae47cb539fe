#include "gpt/io/compressed_file.h"

#include <sys/stat.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <sstream>
#include <thread>

#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

using namespace gpt;

namespace {

template <typename Filter>
std::string compressed(const std::string& content, const Filter& filter) {
  std::istringstream in(content);
  std::ostringstream out;
  boost::iostreams::filtering_streambuf<boost::iostreams::output> stack;
  stack.push(filter);
  stack.push(out);
  boost::iostreams::copy(in, stack);
  return out.str();
}

std::string gzip(const std::string& content) { return compressed(content, boost::iostreams::gzip_compressor()); }
std::string zstd(const std::string& content) { return compressed(content, boost::iostreams::zstd_compressor()); }

std::string read_all(const std::filesystem::path& path) {
  const auto stream = open_text(path);
  std::string content, line;
  while (std::getline(*stream, line)) content += line + '\n';
  return content;
}

std::string lines(int count) {
  std::string content;
  for (int i = 0; i < count; ++i) content += "line " + std::to_string(i * 7919 % 10007) + "\n";
  return content;
}

}  // namespace

TEST_CASE("text is read plain and compressed, by content rather than name") {
  const test::TemporaryFolder folder;
  const auto content = lines(50'000);
  for (const auto& [name, bytes] : {std::pair<std::string, std::string>{"a.txt", content},
                                    {"a.txt.gz", gzip(content)},
                                    {"a.zst", zstd(content)},
                                    {"gzip.txt", gzip(content)},
                                    {"zstd.txt", zstd(content)}}) {
    INFO(name);
    test::put(folder / name, bytes);
    CHECK(read_all(folder / name) == content);
  }
  test::put(folder / "empty", "");
  CHECK(read_all(folder / "empty").empty());
  test::put(folder / "empty.zst", zstd(""));
  CHECK(read_all(folder / "empty.zst").empty());
}

TEST_CASE("a pipe is read as plain text") {
  const test::TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  std::thread writer([&] { test::put(folder / "pipe", "one\ntwo\n"); });
  CHECK(read_all(folder / "pipe") == "one\ntwo\n");
  writer.join();
}

TEST_CASE("several compressed pieces read as one text") {
  const test::TemporaryFolder folder;
  test::put(folder / "a.gz", gzip("one\n") + gzip("two\n"));
  test::put(folder / "a.zst", zstd("one\n") + zstd("two\n"));
  CHECK(read_all(folder / "a.gz") == "one\ntwo\n");
  CHECK(read_all(folder / "a.zst") == "one\ntwo\n");
}

TEST_CASE("compressed text that is cut at any byte is an error") {
  const test::TemporaryFolder folder;
  const auto content = lines(40);
  const auto check_cuts = [&](const std::string& name, const std::string& bytes) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      INFO(name << " at " << size);
      test::put(folder / name, bytes.substr(0, size));
      CHECK_ERROR(read_all(folder / name), "malformed", name);
    }
  };
  check_cuts("cut.gz", gzip(content));
  check_cuts("cut.zst", zstd(content));
}

TEST_CASE("damaged compressed text is an error that names the file") {
  const test::TemporaryFolder folder;
  auto bytes = gzip(lines(1000));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  test::put(folder / "bad.gz", bytes);
  CHECK_ERROR(read_all(folder / "bad.gz"), "malformed", "bad.gz: the gzip data is damaged or cut short after");
  test::put(folder / "tail.zst", zstd("text\n") + "junk");
  CHECK_ERROR(read_all(folder / "tail.zst"), "malformed", "tail.zst: the zstd data is damaged");
  test::put(folder / "plain.gz", "text\n");
  CHECK_ERROR(open_text(folder / "plain.gz"), "malformed", "its name says .gz, its content is not");
  CHECK_ERROR(open_text(folder / "none"), "not_found", "No such file");
  CHECK_ERROR(open_text(folder.path()), "io", "Is a directory");
}
