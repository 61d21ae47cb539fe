#include "kernels/isa.h"

#include <hwy/highway.h>

#include <cstdio>
#include <string>

#include "kernels/quantized.h"
#include "support/catch.h"
#include "support/program.h"

using gpt::kernels::Isa;
using gpt::kernels::QuantTarget;

TEST_CASE("prints what is allowed", "[.isa]") {
  const bool wide = (hwy::SupportedTargets() & (HWY_AVX2 - 1)) != 0, avx2 = (hwy::SupportedTargets() & HWY_AVX2) != 0;
  std::printf("allowed %d wide %d avx2 %d vnni %d\n", static_cast<int>(gpt::kernels::allowed_isa()), wide ? 1 : 0,
              avx2 ? 1 : 0, gpt::kernels::quant_target() == QuantTarget::avx512_vnni ? 1 : 0);
}

TEST_CASE("one variable holds all kernels to an instruction set", "[kernels]") {
  const auto told = [](const std::string& variable) {
    return gpt::test::run({"/proc/self/exe", "[.isa]"}, "", {variable}).out;
  };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  for (const char* variable : {"ONEDNN_MAX_CPU_ISA=avx2", "DNNL_MAX_CPU_ISA=AVX2", "ONEDNN_MAX_CPU_ISA=AVX2_VNNI"}) {
    INFO(variable);
    CHECK(has(told(variable), "allowed 1 wide 0"));
    CHECK(has(told(variable), "vnni 0"));
  }
  CHECK(has(told("ONEDNN_MAX_CPU_ISA=SSE41"), "allowed 0 wide 0 avx2 0 vnni 0"));
  CHECK(has(told("ONEDNN_MAX_CPU_ISA=ALL"), "allowed 2"));
}
