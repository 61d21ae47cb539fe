#include "tensor/onednn.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <tbb/task_arena.h>

#include <csignal>

#include "gpt/core/error.h"

namespace gpt::onednn {
namespace {

/// OpenMP's runtime if the loaded oneDNN brought one; we are never compiled with -fopenmp ourselves.
struct OpenMp {
  void (*set)(int) = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  int (*get)() = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
};

const OpenMp& open_mp() {
  static const OpenMp functions;
  return functions;
}

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

}  // namespace

int limit_threads() noexcept {
  if (open_mp().set == nullptr || open_mp().get == nullptr) return 0;
  const int before = open_mp().get();
  open_mp().set(1);
  return before;
}

void restore_threads(int before) noexcept {
  if (before > 0 && open_mp().set != nullptr) open_mp().set(before);
}

void sgemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, float alpha,
           const float* a, std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc) {
  dnnl_status_t status = dnnl_success;
  const SignalsHeld held;
  on_one_thread([&] {
    status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  });
  if (status != dnnl_success)
    fail(ErrorCode::unsupported, "oneDNN refused a product of {} x {} x {} (status {})", m, n, k,
         static_cast<int>(status));
}

}  // namespace gpt::onednn
