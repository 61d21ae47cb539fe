// Checksums.
#include "gpt/core/hash.h"

#include "support/catch.h"

using namespace gpt;

TEST_CASE("hash: what xxhsum -H2 prints") {
  CHECK(hash("") == "99aa06d3014798d86001c324468d497f");
  CHECK(hash("a") == "a96faf705af16834e6c632b61e964e1f");
  CHECK(hash("abc") == "06b05ab6733a618578af5f94892f3950");
}

TEST_CASE("hash: pieces give what the whole gives") {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes += static_cast<char>(i * 31 % 251);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{256}, std::size_t{4999}}) {
    Hasher hasher;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      hasher.update(bytes.data() + at, std::min(piece, bytes.size() - at));
    CHECK(hasher.digest() == hash(bytes));
  }
  CHECK(Hasher().digest() == hash(""));
}

TEST_CASE("hash: a digest does not end it, a move carries it on") {
  Hasher hasher;
  hasher.update("ab", 2);
  CHECK(hasher.digest() == hash("ab"));
  Hasher moved = std::move(hasher);
  moved.update("c", 1);
  CHECK(moved.digest() == hash("abc"));
}

TEST_CASE("hash: every byte counts") {
  std::string bytes(300, 'x');
  const std::string before = hash(bytes);
  for (const std::size_t at : {std::size_t{0}, std::size_t{150}, std::size_t{299}}) {
    bytes[at] = 'y';
    CHECK(hash(bytes) != before);
    bytes[at] = 'x';
  }
}
