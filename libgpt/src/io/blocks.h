// Widening stored elements to float32: one function a type, `count` blocks each.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gpt {

using WidenBlocks = void (*)(const std::byte* blocks, std::int64_t count, float* out);

void widen_f32(const std::byte* blocks, std::int64_t count, float* out);
void widen_f16(const std::byte* blocks, std::int64_t count, float* out);
void widen_bf16(const std::byte* blocks, std::int64_t count, float* out);
void widen_f64(const std::byte* blocks, std::int64_t count, float* out);
void widen_i8(const std::byte* blocks, std::int64_t count, float* out);
void widen_i16(const std::byte* blocks, std::int64_t count, float* out);
void widen_i32(const std::byte* blocks, std::int64_t count, float* out);
void widen_i64(const std::byte* blocks, std::int64_t count, float* out);
void widen_u8(const std::byte* blocks, std::int64_t count, float* out);
void widen_q8_0(const std::byte* blocks, std::int64_t count, float* out);
void widen_q4_0(const std::byte* blocks, std::int64_t count, float* out);
void widen_q4_1(const std::byte* blocks, std::int64_t count, float* out);
void widen_q5_0(const std::byte* blocks, std::int64_t count, float* out);
void widen_q5_1(const std::byte* blocks, std::int64_t count, float* out);
void widen_q2_k(const std::byte* blocks, std::int64_t count, float* out);
void widen_q3_k(const std::byte* blocks, std::int64_t count, float* out);
void widen_q4_k(const std::byte* blocks, std::int64_t count, float* out);
void widen_q5_k(const std::byte* blocks, std::int64_t count, float* out);
void widen_q6_k(const std::byte* blocks, std::int64_t count, float* out);
void widen_q8_k(const std::byte* blocks, std::int64_t count, float* out);
void widen_iq4_nl(const std::byte* blocks, std::int64_t count, float* out);
void widen_iq4_xs(const std::byte* blocks, std::int64_t count, float* out);
void widen_mxfp4(const std::byte* blocks, std::int64_t count, float* out);

}  // namespace gpt
