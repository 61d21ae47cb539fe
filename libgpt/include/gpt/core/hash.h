// Checksums (XXH3-128, xxhash.com) that tell files and tokenizers apart. Not cryptographic.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace gpt {

/// 32 lower-case hexadecimal digits.
std::string hash(std::string_view bytes);

/// The same, over pieces.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(const void* bytes, std::size_t size);
  std::string digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gpt
