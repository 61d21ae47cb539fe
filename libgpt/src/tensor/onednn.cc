#include "tensor/onednn.h"

#include <dlfcn.h>

#include "gpt/core/error.h"
#include "tensor/onednn_calls.h"

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
