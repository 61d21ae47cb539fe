// Threads: every index once, errors pass through, and the caller's OpenMP setting survives.
#include "gpt/tensor/parallel.h"

#include <dlfcn.h>
#include <tbb/global_control.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gpt/tensor/gemm.h"
#include "support/errors.h"

using namespace gpt;

namespace {

/// Whether parallel_for visits 0 ... count-1, each once.
bool covers(std::int64_t count) {
  std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
  parallel_for(count, [&](std::int64_t i) { ++visits.at(static_cast<std::size_t>(i)); });
  for (const auto& visit : visits)
    if (visit != 1) return false;
  return true;
}

struct OpenMp {
  void (*set)(int) = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  int (*get)() = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
};

}  // namespace

TEST_CASE("threads: every index once, for any number of them") {
  const tbb::global_control more(tbb::global_control::max_allowed_parallelism, 8);
  for (const int count : {1, 2, 7}) {
    Threads threads(count);
    CHECK(threads.count() == count);
    for (const std::int64_t n : {0, 1, 2, 63, 1000}) {
      INFO(count << " threads, " << n << " indices");
      bool all = false;
      threads.run([&] { all = covers(n); });
      CHECK(all);
    }
  }
  CHECK(covers(100));  // outside of any
}

TEST_CASE("threads: as many work as were asked for, and no more") {
  const tbb::global_control more(tbb::global_control::max_allowed_parallelism, 8);
  Threads threads(7);
  std::atomic<int> waiting{0}, working{0}, most{0};
  std::atomic<bool> caller{false};
  threads.run([&, self = std::this_thread::get_id()] {
    parallel_for(7, [&](std::int64_t) {  // each waits for the others: one thread alone would never get through
      ++waiting;
      while (waiting < 7) std::this_thread::yield();
      if (std::this_thread::get_id() == self) caller = true;
    });
    parallel_for(1000, [&](std::int64_t) {  // not always the same seven: one may leave, and another take its place
      const int now = ++working;
      for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {
      }
      std::this_thread::yield();
      --working;
    });
  });
  CHECK(most <= 7);
  CHECK(caller);
}

TEST_CASE("threads: counts out of range") {
  CHECK(Threads(0).count() >= 1);
  CHECK_ERROR(Threads(-1), "invalid_option", "between 1 and 1024, not -1");
  CHECK_ERROR(Threads(1025), "invalid_option", "between 1 and 1024, not 1025");
}

TEST_CASE("threads: exceptions reach the caller, who can go on") {
  Threads threads(2);
  for (int round = 0; round < 3; ++round) {
    CHECK_THROWS_AS(threads.run([] { throw std::out_of_range("direct"); }), std::out_of_range);
    CHECK_ERROR(threads.run([] {
      parallel_for(100, [](std::int64_t i) {
        if (i == 57) fail(ErrorCode::mismatch, "index {}", i);
      });
    }),
                "mismatch", "index 57");
  }
  CHECK_THROWS_AS(parallel_for(3, [](std::int64_t) { throw std::out_of_range("outside"); }), std::out_of_range);
  bool all = false;
  threads.run([&] { all = covers(50); });
  CHECK(all);
}

TEST_CASE("threads: loops within loops, and runs within runs") {
  Threads outer(2), inner(3);
  std::atomic<int> count{0};
  outer.run([&] {
    parallel_for(10, [&](std::int64_t) { parallel_for(20, [&](std::int64_t) { ++count; }); });
    outer.run([&] { parallel_for(10, [&](std::int64_t) { ++count; }); });
    inner.run([&] { parallel_for(10, [&](std::int64_t) { ++count; }); });
  });
  CHECK(count == 220);
}

TEST_CASE("threads: many callers share one set") {
  Threads threads(2);
  std::atomic<int> good{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 6; ++i)
    callers.emplace_back([&] {
      for (int round = 0; round < 20; ++round)
        threads.run([&] {
          if (covers(40)) ++good;
        });
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(good == 120);
}

TEST_CASE("threads: a caller's OpenMP setting is as it was") {
  const OpenMp open_mp;
  if (open_mp.set == nullptr || open_mp.get == nullptr) GPT_SKIP("this oneDNN came without OpenMP");
  Threads threads(2);
  std::vector<float> c(64 * 64), a(64 * 64, 1.0F);
  const auto product = [&] { gemm(64, 64, 64, 1.0F, {a.data(), 64}, {a.data(), 64}, 0.0F, c.data(), 64); };
  const int original = open_mp.get();
  for (const int mine : {5, 2}) {
    open_mp.set(mine);
    int within = 0;
    threads.run([&] {
      within = open_mp.get();
      product();
    });
    CHECK(within == 1);
    CHECK(open_mp.get() == mine);
    product();
    CHECK(open_mp.get() == mine);
    CHECK_THROWS(threads.run([] { throw std::out_of_range("x"); }));
    CHECK(open_mp.get() == mine);
    CHECK_THROWS(parallel_for(2, [](std::int64_t) { throw std::out_of_range("x"); }));
    CHECK(open_mp.get() == mine);
  }
  open_mp.set(original);
}

TEST_CASE("crew: every index once, job after job, nested ones too") {
  const tbb::global_control more(tbb::global_control::max_allowed_parallelism, 8);
  for (const int count : {1, 2, 7}) {
    Threads threads(count);
    threads.run([&] {
      const Crew crew;
      for (int job = 0; job < 2000; ++job) {
        std::vector<std::atomic<int>> visits(static_cast<std::size_t>(1 + job % 40));
        parallel_for(static_cast<std::int64_t>(visits.size()), [&](std::int64_t i) {
          parallel_for(2, [&](std::int64_t) { ++visits[static_cast<std::size_t>(i)]; });
        });
        for (const auto& visit : visits) REQUIRE(visit == 2);
      }
    });
  }
}

TEST_CASE("crew: an exception reaches the caller, and the next job runs") {
  Threads threads(2);
  threads.run([] {
    const Crew crew;
    for (int round = 0; round < 3; ++round) {
      CHECK_THROWS_AS(parallel_for(20,
                                   [](std::int64_t i) {
                                     if (i == 7) throw std::runtime_error("seven");
                                   }),
                      std::runtime_error);
      std::atomic<int> sum{0};
      parallel_for(20, [&](std::int64_t i) { sum += static_cast<int>(i); });
      CHECK(sum == 190);
    }
  });
}

TEST_CASE("crew: outside of threads it changes nothing") {
  const Crew crew;
  int sum = 0;
  parallel_for(5, [&](std::int64_t i) { sum += static_cast<int>(i); });
  CHECK(sum == 10);
}
