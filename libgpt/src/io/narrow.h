// Float32 to stored elements: one function a type, `count` blocks each.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gpt {

using NarrowBlocks = void (*)(const float* in, std::int64_t count, std::byte* blocks);

void narrow_f32(const float* in, std::int64_t count, std::byte* blocks);
void narrow_f16(const float* in, std::int64_t count, std::byte* blocks);
void narrow_bf16(const float* in, std::int64_t count, std::byte* blocks);
/// Source: quantize_row_q8_0_ref, quantize_row_q4_0_ref and quantize_row_q4_1_ref of ggml-quants.c. All values finite.
void narrow_q8_0(const float* in, std::int64_t count, std::byte* blocks);
void narrow_q4_0(const float* in, std::int64_t count, std::byte* blocks);
void narrow_q4_1(const float* in, std::int64_t count, std::byte* blocks);

}  // namespace gpt
