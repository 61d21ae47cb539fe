// Which instruction sets the kernels may use.
#pragma once

namespace gpt::kernels {

enum class Isa { sse4, avx2, avx512 };

/// What oneDNN may use: ONEDNN_MAX_CPU_ISA (or DNNL_MAX_CPU_ISA; SSE41, AVX, AVX2, AVX2_VNNI, else all) holds the whole
/// program, so that a machine with AVX-512 gives the bits of one without. Read once, when the library is loaded.
Isa allowed_isa() noexcept;

}  // namespace gpt::kernels
