// Signals that arrive while products run: a host program's handlers must not disturb them.
#include <sys/time.h>

#include <csignal>
#include <vector>

#include "gpt/tensor/gemm.h"
#include "gpt/tensor/parallel.h"
#include "support/catch.h"

namespace {

volatile std::sig_atomic_t received = 0;

/// Needs some stack, as real handlers do.
extern "C" void on_alarm(int) {
  volatile char used[4096];
  for (std::size_t i = 0; i < sizeof(used); ++i) used[i] = static_cast<char>(i);
  received = received + 1;
}

}  // namespace

TEST_CASE("tensor: products are right while a handler of the program's runs") {
  struct sigaction action = {}, before = {};
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, &before);
  const itimerval every_half_millisecond{{0, 500}, {0, 500}}, never{};
  setitimer(ITIMER_REAL, &every_half_millisecond, nullptr);
  constexpr std::int64_t m = 480, n = 1536, k = 576;
  const std::vector<float> a(m * k, 0.5F), b(k * n, 0.25F);
  std::vector<float> c(m * n);
  bool right = true;
  gpt::Threads threads(2);
  threads.run([&] {
    for (int round = 0; round < 60; ++round) {
      gpt::gemm(m, n, k, 1.0F, {a.data(), k, false}, {b.data(), k, true}, 0.0F, c.data(), n);
      for (const float value : c) right = right && value == 72.0F;
    }
  });
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  CHECK(right);
  CHECK(received > 0);
}
