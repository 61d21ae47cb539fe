// The arena: reuse, merging, limits, and a random history against a model of it.
#include "gpt/tensor/arena.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <new>
#include <vector>

#include "gpt/core/random.h"
#include "support/catch.h"

using namespace gpt;

namespace {

constexpr std::size_t kMegabyte = 1 << 20;

std::size_t cost(Arena& arena, std::size_t bytes) {
  const std::size_t before = arena.in_use();
  const Arena::Block block = arena.allocate(bytes);
  const std::size_t used = arena.in_use() - before;
  block.storage->release();
  return used;
}

}  // namespace

TEST_CASE("arena: blocks are aligned, apart and large enough") {
  Arena arena(kMegabyte);
  std::vector<Arena::Block> blocks;
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{65}, std::size_t{1000}}) {
    blocks.push_back(arena.allocate(bytes));
    CHECK(reinterpret_cast<std::uintptr_t>(blocks.back().data) % 64 == 0);
    std::memset(blocks.back().data, 0xAB, bytes);
  }
  for (const Arena::Block& block : blocks) block.storage->release();
  CHECK(arena.in_use() == 0);
}

TEST_CASE("arena: what was released is used again, the lowest first") {
  Arena arena(kMegabyte);
  const Arena::Block a = arena.allocate(1000), b = arena.allocate(1000), c = arena.allocate(1000),
                     d = arena.allocate(1000);
  void* const low = a.data;
  void* const high = c.data;
  c.storage->release();
  a.storage->release();
  const Arena::Block first = arena.allocate(900), second = arena.allocate(1000);
  CHECK(first.data == low);
  CHECK(second.data == high);
  for (const Arena::Block& block : {b, d, first, second}) block.storage->release();
}

TEST_CASE("arena: neighbours merge in whatever order they go") {
  Arena arena(kMegabyte);
  std::vector<int> order{0, 1, 2};
  do {
    const Arena::Block a = arena.allocate(1000), b = arena.allocate(1000), c = arena.allocate(1000),
                       top = arena.allocate(64);
    const std::vector<Arena::Block> three{a, b, c};
    for (const int i : order) three[static_cast<std::size_t>(i)].storage->release();
    const Arena::Block whole = arena.allocate(3000);
    CHECK(whole.data == a.data);
    whole.storage->release();
    top.storage->release();
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(arena.in_use() == 0);
}

TEST_CASE("arena: the top shrinks, so that the whole range can be taken again") {
  Arena arena(kMegabyte);
  const std::size_t header = cost(arena, 0);
  for (int round = 0; round < 3; ++round) {
    const Arena::Block a = arena.allocate(1000), b = arena.allocate(5000), c = arena.allocate(300);
    b.storage->release();
    c.storage->release();
    a.storage->release();
    const Arena::Block all = arena.allocate(kMegabyte - header);
    CHECK(arena.in_use() == kMegabyte);
    CHECK_THROWS_AS(arena.allocate(1), std::bad_alloc);
    all.storage->release();
  }
  CHECK_THROWS_AS(arena.allocate(kMegabyte), std::bad_alloc);
  CHECK(arena.in_use() == 0);
}

TEST_CASE("arena: a remainder too small for a block stays with its neighbour") {
  Arena arena(kMegabyte);
  const std::size_t unit = cost(arena, 1000);
  const Arena::Block a = arena.allocate(1000), b = arena.allocate(1000);
  a.storage->release();
  const Arena::Block smaller = arena.allocate(1000 - 128);
  CHECK(smaller.data == a.data);
  CHECK(arena.in_use() == 2 * unit);  // nothing was cut off
  smaller.storage->release();
  b.storage->release();
  CHECK(arena.in_use() == 0);
}

TEST_CASE("arena: high water is the most at once") {
  Arena arena(kMegabyte);
  const Arena::Block a = arena.allocate(100000), b = arena.allocate(50000);
  const std::size_t most = arena.in_use();
  b.storage->release();
  a.storage->release();
  const Arena::Block c = arena.allocate(100000);
  CHECK(arena.high_water() == most);
  c.storage->release();
  CHECK(arena.high_water() == most);
}

TEST_CASE("storage: the last reference releases") {
  Arena arena(kMegabyte);
  const Arena::Block a = arena.allocate(10);
  CHECK(a.storage->unique());
  CHECK(a.storage->writable());
  a.storage->retain();
  CHECK_FALSE(a.storage->unique());
  a.storage->release();
  CHECK(arena.in_use() > 0);
  a.storage->release();
  CHECK(arena.in_use() == 0);
}

TEST_CASE("arena: a random history keeps every block's content") {
  constexpr std::size_t range = 1 << 18;
  Arena arena(range);
  struct Live {
    Arena::Block block;
    std::size_t bytes, cost;
    unsigned char mark;
  };
  std::map<void*, Live> live;
  Random random(3);
  std::size_t in_use = 0, most = 0;
  bool whole = true, apart = true, counted = true;
  for (int i = 0; i < 30000; ++i) {
    if (live.empty() || random.below(100) < 52) {
      const std::size_t bytes = random.below(10) == 0 ? random.below(20000) : random.below(700);
      const std::size_t before = arena.in_use();
      Arena::Block block{};
      try {
        block = arena.allocate(bytes);
      } catch (const std::bad_alloc&) {
        counted = counted && arena.in_use() == before;
        continue;
      }
      const Live added{block, bytes, arena.in_use() - before, static_cast<unsigned char>(i)};
      std::memset(block.data, added.mark, bytes);
      in_use += added.cost;
      most = std::max(most, in_use);
      const auto at = live.emplace(block.data, added).first;
      const auto end = [](const auto& entry) { return static_cast<char*>(entry.first) + entry.second.bytes; };
      if (at != live.begin()) apart = apart && end(*std::prev(at)) <= at->first;
      if (std::next(at) != live.end()) apart = apart && end(*at) <= std::next(at)->first;
    } else {
      auto at =
          std::next(live.begin(), static_cast<std::ptrdiff_t>(random.below(static_cast<std::uint32_t>(live.size()))));
      const auto* bytes = static_cast<const unsigned char*>(at->first);
      whole =
          whole && std::all_of(bytes, bytes + at->second.bytes, [&](unsigned char b) { return b == at->second.mark; });
      in_use -= at->second.cost;
      at->second.block.storage->release();
      live.erase(at);
    }
    counted = counted && arena.in_use() == in_use && arena.high_water() == most;
  }
  CHECK(whole);
  CHECK(apart);
  CHECK(counted);
  for (auto& [data, entry] : live) entry.block.storage->release();
  CHECK(arena.in_use() == 0);
  const std::size_t header = cost(arena, 0);
  arena.allocate(range - header).storage->release();  // nothing is left between
}
