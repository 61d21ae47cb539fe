// GGUF files built by hand, right or wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace gpt::test {

/// The bytes of a number.
template <typename T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

inline std::string text(std::string_view value) { return raw<std::uint64_t>(value.size()) + std::string(value); }

/// A metadata entry; `value` is its bytes.
inline std::string entry(std::string_view key, std::uint32_t type, const std::string& value) {
  return text(key) + raw(type) + value;
}

/// A tensor description with dimensions in GGUF's order.
inline std::string tensor(std::string_view name, std::initializer_list<std::uint64_t> dimensions, std::uint32_t type,
                          std::uint64_t offset) {
  std::string result = text(name) + raw(static_cast<std::uint32_t>(dimensions.size()));
  for (const auto size : dimensions) result += raw(size);
  return result + raw(type) + raw(offset);
}

inline std::string gguf(std::uint64_t tensors, std::uint64_t entries, const std::string& rest,
                        const std::string& data = {}, std::uint32_t version = 3, std::size_t alignment = 32) {
  std::string result = "GGUF" + raw(version) + raw(tensors) + raw(entries) + rest;
  if (!data.empty()) result.resize((result.size() + alignment - 1) / alignment * alignment, '\0');
  return result + data;
}

}  // namespace gpt::test
