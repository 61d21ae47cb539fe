#include "gpt/core/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <new>

namespace gpt {
namespace {

std::string hexadecimal(XXH128_hash_t value) { return fmt::format("{:016x}{:016x}", value.high64, value.low64); }

}  // namespace

std::string hash(std::string_view bytes) { return hexadecimal(XXH3_128bits(bytes.data(), bytes.size())); }

struct Hasher::State {
  XXH3_state_t* xxh = XXH3_createState();
  State() {
    if (xxh == nullptr || XXH3_128bits_reset(xxh) != XXH_OK) throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(xxh); }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(const void* bytes, std::size_t size) { XXH3_128bits_update(state_->xxh, bytes, size); }

std::string Hasher::digest() const { return hexadecimal(XXH3_128bits_digest(state_->xxh)); }

}  // namespace gpt
