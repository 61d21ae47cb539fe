#include "signals.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace gptask::app {
namespace {

std::atomic<int> caught = 0;

/// Waits for signals on a thread of its own. The second request ends the program at once; what comes within a second
/// is the same request: timeout(1) signals the process and its group.
void wait_for_signals(const sigset_t& signals) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point first;
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (caught == 0) {
      caught = signal;
      first = Clock::now();
    } else if (Clock::now() - first >= std::chrono::seconds(1)) {
      _exit(128 + signal);
    }
  }
}

}  // namespace

void catch_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  // Every thread made from here on inherits the mask, so that no handler ever runs on a thread that computes:
  // oneDNN's generated code keeps data where a handler's frame would land.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals] { wait_for_signals(signals); }).detach();
}

int caught_signal() noexcept { return caught; }

}  // namespace gptask::app
