// Writing GGUF files, version 3 (github.com/ggml-org/ggml, docs/gguf.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/io/gguf.h"
#include "gpt/io/tensor_to_write.h"

namespace gpt {

/// Metadata entries in the order they were added. Error invalid_option for a key given twice.
class GgufMetadata {
 public:
  void add_string(std::string_view key, std::string_view value);
  void add_bool(std::string_view key, bool value);
  /// As u32, which llama.cpp wants for sizes and ids. Error invalid_option where it does not fit.
  void add_size(std::string_view key, std::int64_t value);
  void add_f32(std::string_view key, double value);
  void add_strings(std::string_view key, std::span<const std::string> values);
  void add_i32s(std::string_view key, std::span<const std::int32_t> values);
  void add_f32s(std::string_view key, std::span<const float> values);

  bool has(std::string_view key) const { return keys_.find(key) != keys_.end(); }
  std::uint64_t size() const noexcept { return keys_.size(); }
  /// All entries as the file has them.
  const std::string& bytes() const noexcept { return bytes_; }

 private:
  void begin(std::string_view key, GgufType type);
  void begin_array(std::string_view key, GgufType element, std::uint64_t count);

  std::set<std::string, std::less<>> keys_;
  std::string bytes_;
};

/// Streams a file: header, metadata, descriptions, then one tensor after the other, each at a multiple of 32 bytes.
/// Errors: invalid_option for a name that occurs twice or is longer than llama.cpp's 63 bytes, a type that cannot be
/// written, rows that its blocks do not fill, more than four dimensions; and what write_values throws.
void write_gguf(ByteSink& sink, const GgufMetadata& metadata, const std::vector<TensorToWrite>& tensors);

}  // namespace gpt
