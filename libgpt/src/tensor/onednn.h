// The one place that knows oneDNN: versions, builds (OpenMP or TBB) and how to keep it on one thread.
#pragma once

#include <cstdint>
#include <memory>

namespace gpt::onednn {

/// Makes OpenMP builds of oneDNN run single-threaded on the calling thread and returns what was set before (0: not an
/// OpenMP build). The setting is per thread.
int limit_threads() noexcept;
void restore_threads(int before) noexcept;

/// c = alpha * op(a) op(b) + beta * c on the calling thread; row-major with leading dimensions.
/// Source: oneDNN developer guide, dnnl_sgemm.
void sgemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, float alpha,
           const float* a, std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc);

/// Whether this machine multiplies bfloat16 in hardware (AVX-512 BF16 or AMX).
bool has_bf16() noexcept;

/// One product of bfloat16 matrices into float32: c = op(a) op(b), or c += op(a) op(b) where `add`.
struct Bf16Product {
  std::int64_t m, n, k;
  bool transpose_a, transpose_b, add;
  std::int64_t lda, ldb, ldc;
  friend bool operator==(const Bf16Product&, const Bf16Product&) = default;
};

/// On the calling thread. The primitive of each shape is made once and kept (0.2 to 0.6 ms; the cache is bounded): ask
/// for few different shapes. Source: oneDNN developer guide, "Matrix Multiplication".
void multiply(const Bf16Product& product, const std::uint16_t* a, const std::uint16_t* b, float* c);

/// c = a b of 8-bit matrices [m, k] and [k, n] into 32 bits, with zeros of its own for operands, b in the layout that
/// oneDNN likes best: what the machine does at most, for comparing with. One thread at a time.
class Int8Product {
 public:
  Int8Product(std::int64_t m, std::int64_t n, std::int64_t k);
  ~Int8Product();
  Int8Product(Int8Product&&) noexcept;
  /// On the calling thread.
  void run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gpt::onednn
