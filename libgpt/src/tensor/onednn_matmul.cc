#include <cstring>
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
      : Primitive(describe(p.m, p.k, p.transpose_a, p.lda, memory::data_type::bf16),
                  describe(p.k, p.n, p.transpose_b, p.ldb, memory::data_type::bf16),
                  describe(p.m, p.n, false, p.ldc, memory::data_type::f32), p.add) {}

  /// b may leave its layout to oneDNN (format_tag::any).
  Primitive(const memory::desc& left, const memory::desc& right, const memory::desc& out, bool add) : a(left), c(out) {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (add) {
      dnnl::post_ops sum;
      sum.append_sum(1.0F);
      attributes.set_post_ops(sum);
    }
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::matmul::primitive_desc made(engine(), a, right, c, attributes);
#else
    const dnnl::matmul::primitive_desc made({a, right, c}, attributes, engine());
#endif
    b = made.weights_desc();
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

void execute(const Primitive& primitive, const void* a, const void* b, void* c) {
  thread_local dnnl::stream stream(engine());
  thread_local std::vector<std::byte> scratch;
  constexpr std::size_t kLine = 64;
  if (scratch.size() < primitive.scratchpad.get_size() + kLine) scratch.resize(primitive.scratchpad.get_size() + kLine);
  void* aligned = scratch.data();
  std::size_t room = scratch.size();
  std::align(kLine, primitive.scratchpad.get_size(), aligned, room);
  const auto input = [](const memory::desc& layout, const void* data) {
    return memory(layout, engine(), const_cast<void*>(data));
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

struct Int8Product::State {
  State(std::int64_t m, std::int64_t n, std::int64_t k)
      : primitive(describe(m, k, false, k, memory::data_type::u8),
                  {{k, n}, memory::data_type::s8, memory::format_tag::any},
                  describe(m, n, false, n, memory::data_type::s32), false),
        a(primitive.a, engine()),
        b(primitive.b, engine()),
        c(primitive.c, engine()) {
    for (const memory& one : {a, b}) std::memset(one.get_data_handle(), 0, one.get_desc().get_size());
  }

  Primitive primitive;
  memory a, b, c;
};

Int8Product::Int8Product(std::int64_t m, std::int64_t n, std::int64_t k) {
  try {
    state_ = std::make_unique<State>(m, n, k);
  } catch (const dnnl::error& error) {
    fail(ErrorCode::unsupported, "oneDNN refused an 8-bit product of {} x {} x {} ({})", m, n, k, error.what());
  }
}

Int8Product::~Int8Product() = default;
Int8Product::Int8Product(Int8Product&&) noexcept = default;

void Int8Product::run() {
  const SignalsHeld held;
  const State& s = *state_;
  on_one_thread([&] { execute(s.primitive, s.a.get_data_handle(), s.b.get_data_handle(), s.c.get_data_handle()); });
}

}  // namespace gpt::onednn
