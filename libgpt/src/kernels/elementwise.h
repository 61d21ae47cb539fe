// Vector arithmetic over n values. Pointers of one call may be equal but must not overlap otherwise.
#pragma once

#include <cstdint>

namespace gpt::kernels {

/// out = a + b
void add(std::int64_t n, const float* a, const float* b, float* out);
/// out += factor * a
void add_scaled(std::int64_t n, float factor, const float* a, float* out);
/// out = factor * a
void scale(std::int64_t n, float factor, const float* a, float* out);
/// Sum of squares; the order of additions depends on n only.
double sum_of_squares(std::int64_t n, const float* a);

/// GELU, tanh form: y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel, 2016).
void gelu(std::int64_t n, const float* x, float* y);
/// dx = dy * gelu'(x)
void gelu_backward(std::int64_t n, const float* x, const float* dy, float* dx);
/// GELU itself: y = x/2 (1 + erf(x / sqrt(2))), erf to 2e-7.
void gelu_erf(std::int64_t n, const float* x, float* y);
void gelu_erf_backward(std::int64_t n, const float* x, const float* dy, float* dx);
/// y = silu(gate) * up, silu(g) = g / (1 + exp(-g)) (SwiGLU: Shazeer, 2020).
void silu_gate(std::int64_t n, const float* gate, const float* up, float* y);
void silu_gate_backward(std::int64_t n, const float* gate, const float* up, const float* dy, float* dgate, float* dup);

/// Rotates pairs (i, i + half) of a head by angles with these cosines and sines (RoFormer, Su et al., 2021); direction
/// -1 turns back.
void rotate(std::int64_t half, const float* cosine, const float* sine, float direction, float* x);

}  // namespace gpt::kernels
