#include "signals.h"

#include <unistd.h>

#include <csignal>
#include <initializer_list>

namespace gptask::app {
namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void handle(int signal) {
  if (caught != 0) _exit(128 + signal);
  caught = signal;
}

}  // namespace

void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

int caught_signal() noexcept { return caught; }

}  // namespace gptask::app
