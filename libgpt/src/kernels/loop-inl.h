// The loop over n floats: whole vectors, then one masked part. Included once for each instruction set.
#include <cstdint>

#if defined(GPT_KERNELS_LOOP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GPT_KERNELS_LOOP_INL_H_
#undef GPT_KERNELS_LOOP_INL_H_
#else
#define GPT_KERNELS_LOOP_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gpt::kernels::HWY_NAMESPACE {

/// Loads and stores a full vector.
struct Whole {
  template <class D>
  HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> load(D d, const float* p) const {
    return hwy::HWY_NAMESPACE::LoadU(d, p);
  }
  template <class D>
  HWY_INLINE void store(D d, hwy::HWY_NAMESPACE::Vec<D> v, float* p) const {
    hwy::HWY_NAMESPACE::StoreU(v, d, p);
  }
};

/// Loads and stores the first `count` lanes; the others are zero.
struct Part {
  std::size_t count;
  template <class D>
  HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> load(D d, const float* p) const {
#if HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR
    HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};  // there MaskedLoad reads all lanes, past the end too
    for (std::size_t i = 0; i < count; ++i) lanes[i] = p[i];
    return hwy::HWY_NAMESPACE::Load(d, lanes);
#else
    return hwy::HWY_NAMESPACE::MaskedLoad(hwy::HWY_NAMESPACE::FirstN(d, count), d, p);
#endif
  }
  template <class D>
  HWY_INLINE void store(D d, hwy::HWY_NAMESPACE::Vec<D> v, float* p) const {
    hwy::HWY_NAMESPACE::BlendedStore(v, hwy::HWY_NAMESPACE::FirstN(d, count), d, p);
  }
};

/// body(d, i, part) for i = 0, lanes, 2 lanes, ...: part loads and stores whole vectors, the last time what is left.
template <class Body>
HWY_INLINE void for_lanes(std::int64_t n, const Body& body) {
  const hwy::HWY_NAMESPACE::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hwy::HWY_NAMESPACE::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) body(d, i, Whole{});
  if (i < n) body(d, i, Part{static_cast<std::size_t>(n - i)});
}

}  // namespace gpt::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
