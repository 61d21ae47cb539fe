// Weights that a product reads once, on their way from memory.
#pragma once

#include <hwy/base.h>

#include <cstdint>

namespace gpt::kernels {

/// Asks for the `bytes` that lie kFetchAhead after `at`, into the second-level cache; what is not there does no harm.
/// The processor's own prefetchers end with a page of 4 kB, and a core that waits for one read after the other gets
/// half of what memory would give it. (Always inlined: g++ drops the call of a function that does nothing else.)
HWY_INLINE void fetch_ahead(const void* at, std::int64_t bytes) {
  constexpr std::int64_t kFetchAhead = 8192, kLine = 64;
  const char* const from = static_cast<const char*>(at) + kFetchAhead;
  for (std::int64_t i = 0; i < bytes; i += kLine) __builtin_prefetch(from + i, 0, 2);
}

}  // namespace gpt::kernels
