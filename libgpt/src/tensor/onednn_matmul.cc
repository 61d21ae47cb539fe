#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "gpt/core/error.h"
#include "tensor/onednn.h"
#include "tensor/onednn_calls.h"

namespace gpt::onednn {
namespace {

using dnnl::memory;

constexpr std::size_t kMostPrimitives = 1024;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

memory::desc describe(std::int64_t rows, std::int64_t columns, bool transposed, std::int64_t stride,
                      memory::data_type type) {
  return {{rows, columns}, type, transposed ? memory::dims{1, stride} : memory::dims{stride, 1}};
}

/// A primitive with its operands' layouts; used by many threads at once, each with a scratchpad of its own.
struct Primitive {
  memory::desc a, b, c;
  dnnl::matmul matmul;
  memory::desc scratchpad;

  explicit Primitive(const Bf16Product& p)
      : a(describe(p.m, p.k, p.transpose_a, p.lda, memory::data_type::bf16)),
        b(describe(p.k, p.n, p.transpose_b, p.ldb, memory::data_type::bf16)),
        c(describe(p.m, p.n, false, p.ldc, memory::data_type::f32)) {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (p.add) {
      dnnl::post_ops sum;
      sum.append_sum(1.0F);
      attributes.set_post_ops(sum);
    }
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::matmul::primitive_desc made(engine(), a, b, c, attributes);
#else
    const dnnl::matmul::primitive_desc made({a, b, c}, attributes, engine());
#endif
    matmul = dnnl::matmul(made);
    scratchpad = made.scratchpad_desc();
  }
};

struct Hash {
  std::size_t operator()(const Bf16Product& p) const noexcept {
    std::size_t hash = p.add ? 1 : 0;
    for (const std::int64_t value :
         {p.m, p.n, p.k, std::int64_t{p.transpose_a}, std::int64_t{p.transpose_b}, p.lda, p.ldb, p.ldc})
      hash = (hash ^ static_cast<std::size_t>(value)) * 0x9E3779B97F4A7C15ULL;
    return hash;
  }
};

class Primitives {
 public:
  std::shared_ptr<const Primitive> get(const Bf16Product& product) {
    {
      const std::shared_lock lock(mutex_);
      if (const auto found = made_.find(product); found != made_.end()) return found->second;
    }
    auto primitive = std::make_shared<const Primitive>(product);
    const std::unique_lock lock(mutex_);
    if (made_.size() >= kMostPrimitives) made_.clear();
    return made_.emplace(product, std::move(primitive)).first->second;
  }

 private:
  std::shared_mutex mutex_;
  std::unordered_map<Bf16Product, std::shared_ptr<const Primitive>, Hash> made_;
};

void execute(const Primitive& primitive, const std::uint16_t* a, const std::uint16_t* b, float* c) {
  thread_local dnnl::stream stream(engine());
  thread_local std::vector<std::byte> scratch;
  constexpr std::size_t kLine = 64;
  if (scratch.size() < primitive.scratchpad.get_size() + kLine) scratch.resize(primitive.scratchpad.get_size() + kLine);
  void* aligned = scratch.data();
  std::size_t room = scratch.size();
  std::align(kLine, primitive.scratchpad.get_size(), aligned, room);
  const auto input = [](const memory::desc& layout, const std::uint16_t* data) {
    return memory(layout, engine(), const_cast<std::uint16_t*>(data));
  };
  primitive.matmul.execute(stream, {{DNNL_ARG_SRC, input(primitive.a, a)},
                                    {DNNL_ARG_WEIGHTS, input(primitive.b, b)},
                                    {DNNL_ARG_DST, memory(primitive.c, engine(), c)},
                                    {DNNL_ARG_SCRATCHPAD, memory(primitive.scratchpad, engine(), aligned)}});
  stream.wait();
}

}  // namespace

bool has_bf16() noexcept {
  const auto need = static_cast<unsigned>(dnnl_cpu_isa_avx512_core_bf16);
  return (static_cast<unsigned>(dnnl_get_effective_cpu_isa()) & need) == need;
}

void multiply(const Bf16Product& product, const std::uint16_t* a, const std::uint16_t* b, float* c) {
  static Primitives primitives;
  const SignalsHeld held;
  try {
    on_one_thread([&] { execute(*primitives.get(product), a, b, c); });
  } catch (const dnnl::error& error) {
    fail(ErrorCode::unsupported, "oneDNN refused a bfloat16 product of {} x {} x {} ({})", product.m, product.n,
         product.k, error.what());
  }
}

}  // namespace gpt::onednn
