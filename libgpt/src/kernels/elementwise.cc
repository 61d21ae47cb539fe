#include "kernels/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h:
#include <hwy/contrib/math/math-inl.h>

#include "kernels/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

void Add(std::int64_t n, const float* a, const float* b, float* out) {
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    part.store(d, hn::Add(part.load(d, a + i), part.load(d, b + i)), out + i);
  });
}

void AddScaled(std::int64_t n, float factor, const float* a, float* out) {
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    part.store(d, hn::MulAdd(hn::Set(d, factor), part.load(d, a + i), part.load(d, out + i)), out + i);
  });
}

void Scale(std::int64_t n, float factor, const float* a, float* out) {
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    part.store(d, hn::Mul(hn::Set(d, factor), part.load(d, a + i)), out + i);
  });
}

double SumOfSquares(std::int64_t n, const float* a) {
  double total = 0;
  for (std::int64_t begin = 0; begin < n; begin += 4096) {  // float32 within a block, double across blocks
    const std::int64_t count = n - begin < 4096 ? n - begin : 4096;
    V sum = hn::Zero(D());
    for_lanes(count, [&](D d, std::int64_t i, auto part) {
      const V x = part.load(d, a + begin + i);
      sum = hn::MulAdd(x, x, sum);
    });
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(D(), sum)));
  }
  return total;
}

/// tanh(sqrt(2/pi) (x + 0.044715 x^3)) = 1 - 2 / (exp(2 u) + 1)
HWY_INLINE V GeluTanh(D d, V x) {
  const V u = hn::Mul(hn::Mul(x, hn::Set(d, 1.5957691216057308F)),
                      hn::MulAdd(hn::Mul(x, x), hn::Set(d, 0.044715F), hn::Set(d, 1.0F)));
  const V e = hn::Exp(d, hn::Min(u, hn::Set(d, 80.0F)));
  return hn::Sub(hn::Set(d, 1.0F), hn::Div(hn::Set(d, 2.0F), hn::Add(e, hn::Set(d, 1.0F))));
}

void Gelu(std::int64_t n, const float* x, float* y) {
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V v = part.load(d, x + i);
    const V half = hn::Mul(v, hn::Set(d, 0.5F));
    part.store(d, hn::MulAdd(half, GeluTanh(d, v), half), y + i);
  });
}

void GeluBackward(std::int64_t n, const float* x, const float* dy, float* dx) {
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V v = part.load(d, x + i), t = GeluTanh(d, v), one = hn::Set(d, 1.0F);
    // d/dx [x/2 (1 + t)] = (1 + t)/2 + x/2 (1 - t^2) u'(x)
    const V slope =
        hn::MulAdd(hn::Mul(v, v), hn::Set(d, 3.0F * 0.044715F * 0.7978845608028654F), hn::Set(d, 0.7978845608028654F));
    const V bend = hn::Mul(hn::Mul(v, slope), hn::NegMulAdd(t, t, one));
    const V g = hn::Mul(hn::Set(d, 0.5F), hn::Add(hn::Add(one, t), bend));
    part.store(d, hn::Mul(part.load(d, dy + i), g), dx + i);
  });
}

/// c[0] + c[1] x + c[2] x^2 + ...
template <std::size_t N>
HWY_INLINE V Polynomial(D d, V x, const float (&c)[N]) {
  V sum = hn::Set(d, c[N - 1]);
  for (std::size_t i = N - 1; i > 0; --i) sum = hn::MulAdd(sum, x, hn::Set(d, c[i - 1]));
  return sum;
}

/// x P(x^2) up to 1, 1 - exp(Q(|x|)) beyond; least maximal error, fitted to double precision.
HWY_INLINE V Erf(D d, V x) {
  constexpr float kSmall[] = {1.128379166e+00F, -3.761262582e-01F, 1.128358515e-01F, -2.685381193e-02F,
                              5.188327673e-03F, -8.010193513e-04F, 7.853860981e-05F};
  constexpr float kLarge[] = {1.880370449e-04F, -1.129578410e+00F, -6.332199193e-01F, -1.084185507e-01F,
                              2.520824078e-02F, -4.204556256e-03F, 4.413352995e-04F,  -2.168676314e-05F};
  const V size = hn::Min(hn::Abs(x), hn::Set(d, 4.0F));
  const V small = hn::Mul(x, Polynomial(d, hn::Mul(x, x), kSmall));
  const V large = hn::Sub(hn::Set(d, 1.0F), hn::Exp(d, Polynomial(d, size, kLarge)));
  return hn::IfThenElse(hn::Le(size, hn::Set(d, 1.0F)), small, hn::CopySign(large, x));
}

void GeluErf(std::int64_t n, const float* x, float* y) {
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V v = part.load(d, x + i), half = hn::Mul(v, hn::Set(d, 0.5F));
    part.store(d, hn::MulAdd(half, Erf(d, hn::Mul(v, hn::Set(d, 0.7071067811865476F))), half), y + i);
  });
}

void GeluErfBackward(std::int64_t n, const float* x, const float* dy, float* dx) {
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V v = part.load(d, x + i), half = hn::Set(d, 0.5F);
    // Phi(x) + x phi(x)
    const V below = hn::MulAdd(half, Erf(d, hn::Mul(v, hn::Set(d, 0.7071067811865476F))), half);
    const V power = hn::Max(hn::Mul(hn::Mul(v, v), hn::Set(d, -0.5F)), hn::Set(d, -80.0F));
    const V density = hn::Mul(hn::Exp(d, power), hn::Set(d, 0.3989422804014327F));
    part.store(d, hn::Mul(part.load(d, dy + i), hn::MulAdd(v, density, below)), dx + i);
  });
}

HWY_INLINE V Sigmoid(D d, V x) {
  const V e = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 80.0F)));
  return hn::Div(hn::Set(d, 1.0F), hn::Add(hn::Set(d, 1.0F), e));
}

void SiluGate(std::int64_t n, const float* gate, const float* up, float* y) {
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V g = part.load(d, gate + i);
    part.store(d, hn::Mul(hn::Mul(g, Sigmoid(d, g)), part.load(d, up + i)), y + i);
  });
}

void SiluGateBackward(std::int64_t n, const float* gate, const float* up, const float* dy, float* dgate, float* dup) {
  for_lanes(n, [&](D d, std::int64_t i, auto part) {
    const V g = part.load(d, gate + i), u = part.load(d, up + i), y = part.load(d, dy + i), s = Sigmoid(d, g);
    const V silu = hn::Mul(g, s);
    // silu'(g) = s + silu (1 - s)
    const V slope = hn::MulAdd(silu, hn::Sub(hn::Set(d, 1.0F), s), s);
    part.store(d, hn::Mul(hn::Mul(y, u), slope), dgate + i);
    part.store(d, hn::Mul(y, silu), dup + i);
  });
}

void Rotate(std::int64_t half, const float* cosine, const float* sine, float direction, float* x) {
  for_lanes(half, [&](D d, std::int64_t i, auto part) {
    const V c = part.load(d, cosine + i), s = hn::Mul(hn::Set(d, direction), part.load(d, sine + i));
    const V a = part.load(d, x + i), b = part.load(d, x + half + i);
    part.store(d, hn::NegMulAdd(b, s, hn::Mul(a, c)), x + i);
    part.store(d, hn::MulAdd(a, s, hn::Mul(b, c)), x + half + i);
  });
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gpt::kernels {

HWY_EXPORT(Add);
HWY_EXPORT(AddScaled);
HWY_EXPORT(Scale);
HWY_EXPORT(SumOfSquares);
HWY_EXPORT(Gelu);
HWY_EXPORT(GeluBackward);
HWY_EXPORT(GeluErf);
HWY_EXPORT(GeluErfBackward);
HWY_EXPORT(SiluGate);
HWY_EXPORT(SiluGateBackward);
HWY_EXPORT(Rotate);

void add(std::int64_t n, const float* a, const float* b, float* out) { HWY_DYNAMIC_DISPATCH(Add)(n, a, b, out); }
void add_scaled(std::int64_t n, float factor, const float* a, float* out) {
  HWY_DYNAMIC_DISPATCH(AddScaled)(n, factor, a, out);
}
void scale(std::int64_t n, float factor, const float* a, float* out) { HWY_DYNAMIC_DISPATCH(Scale)(n, factor, a, out); }
double sum_of_squares(std::int64_t n, const float* a) { return HWY_DYNAMIC_DISPATCH(SumOfSquares)(n, a); }
void gelu(std::int64_t n, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(Gelu)(n, x, y); }
void gelu_backward(std::int64_t n, const float* x, const float* dy, float* dx) {
  HWY_DYNAMIC_DISPATCH(GeluBackward)(n, x, dy, dx);
}
void gelu_erf(std::int64_t n, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(GeluErf)(n, x, y); }
void gelu_erf_backward(std::int64_t n, const float* x, const float* dy, float* dx) {
  HWY_DYNAMIC_DISPATCH(GeluErfBackward)(n, x, dy, dx);
}
void silu_gate(std::int64_t n, const float* gate, const float* up, float* y) {
  HWY_DYNAMIC_DISPATCH(SiluGate)(n, gate, up, y);
}
void silu_gate_backward(std::int64_t n, const float* gate, const float* up, const float* dy, float* dgate, float* dup) {
  HWY_DYNAMIC_DISPATCH(SiluGateBackward)(n, gate, up, dy, dgate, dup);
}
void rotate(std::int64_t half, const float* cosine, const float* sine, float direction, float* x) {
  HWY_DYNAMIC_DISPATCH(Rotate)(half, cosine, sine, direction, x);
}

}  // namespace gpt::kernels
#endif
