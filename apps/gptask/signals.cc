#include "signals.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace gptask::app {
namespace {

std::atomic<int> caught = 0;
std::atomic<int> descriptor = -1;

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
      if (eventfd_write(descriptor, 1) != 0) continue;  // nobody waits
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
  descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::thread([signals] { wait_for_signals(signals); }).detach();
}

int caught_signal() noexcept { return caught; }

void forget_interrupt() noexcept {
  eventfd_t ignored = 0;
  if (caught != 0 && caught != SIGINT) return;
  if (eventfd_read(descriptor, &ignored) == 0 || caught == SIGINT) caught = 0;
}

int signal_descriptor() noexcept { return descriptor; }

}  // namespace gptask::app
