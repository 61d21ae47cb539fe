#include "kernels/isa.h"

#include <hwy/highway.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace gpt::kernels {
namespace {

Isa read() {
  for (const char* name : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}) {
    const char* value = std::getenv(name);
    if (value == nullptr) continue;
    std::string isa(value);
    for (char& c : isa)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (isa == "SSE41" || isa == "AVX") return Isa::sse4;
    return isa == "AVX2" || isa == "AVX2_VNNI" ? Isa::avx2 : Isa::avx512;
  }
  return Isa::avx512;
}

/// Highway chooses when the first kernel runs; its better targets have the lower bits.
Isa limit_highway() {
  const Isa isa = read();
  if (isa != Isa::avx512) hwy::DisableTargets((isa == Isa::avx2 ? std::int64_t{HWY_AVX2} : std::int64_t{HWY_SSE4}) - 1);
  return isa;
}

const Isa allowed = limit_highway();

}  // namespace

Isa allowed_isa() noexcept { return allowed; }

}  // namespace gpt::kernels
