// How a call into oneDNN is made: on one thread, with no signal in between.
#pragma once

#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <tbb/task_arena.h>

#include <csignal>

namespace gpt::onednn {

/// Holds signals back for the time of one product: a handler that lands on generated code corrupts the heap (seen with
/// oneDNN 2.6.3 and AVX-512: about every second SIGINT during training).
class SignalsHeld {
 public:
  SignalsHeld() noexcept {
    static const sigset_t asynchronous = [] {
      sigset_t set;
      sigfillset(&set);
      for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&set, signal);
      return set;
    }();
    pthread_sigmask(SIG_BLOCK, &asynchronous, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_;
};

#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_TBB
/// A TBB build takes the number of threads from the surrounding arena.
template <typename Work>
void on_one_thread(const Work& work) {
  thread_local tbb::task_arena arena(1);
  arena.execute(work);
}
#else
template <typename Work>
void on_one_thread(const Work& work) {
  work();
}
#endif

}  // namespace gpt::onednn
