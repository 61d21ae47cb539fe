// The one place that knows oneDNN: versions, builds (OpenMP or TBB) and how to keep it on one thread.
#pragma once

#include <cstdint>

namespace gpt::onednn {

/// Makes OpenMP builds of oneDNN run single-threaded on the calling thread and returns what was set before (0: not an
/// OpenMP build). The setting is per thread.
int limit_threads() noexcept;
void restore_threads(int before) noexcept;

/// c = alpha * op(a) op(b) + beta * c on the calling thread; row-major with leading dimensions.
/// Source: oneDNN developer guide, dnnl_sgemm.
void sgemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, float alpha,
           const float* a, std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc);

}  // namespace gpt::onednn
