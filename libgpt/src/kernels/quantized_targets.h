// The instruction sets of quant_groups, one file each.
#pragma once

#include "kernels/quantized.h"

namespace gpt::kernels {

void quant_groups_plain(QuantBits bits, const std::uint8_t* groups, const QuantizedInput& x, std::int64_t columns,
                        float* y, std::int64_t y_row);
#if defined(__x86_64__)
void quant_groups_avx2(QuantBits bits, const std::uint8_t* groups, const QuantizedInput& x, std::int64_t columns,
                       float* y, std::int64_t y_row);
void quant_groups_avx512_vnni(QuantBits bits, const std::uint8_t* groups, const QuantizedInput& x, std::int64_t columns,
                              float* y, std::int64_t y_row);
#endif

}  // namespace gpt::kernels
