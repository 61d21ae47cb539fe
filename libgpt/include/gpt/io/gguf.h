// The GGUF format of llama.cpp: metadata, tensor descriptions, aligned tensors (github.com/ggml-org/ggml,
// docs/gguf.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gpt/io/mapped_file.h"
#include "gpt/io/tensor_table.h"
#include "gpt/io/weight_source.h"

namespace gpt {

/// Types of metadata values, numbered as in the file.
enum class GgufType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

std::string_view gguf_type_name(GgufType type) noexcept;

/// One entry of the metadata, decoded when asked for.
struct GgufValue {
  std::string_view key;
  GgufType type = GgufType::u8;
  GgufType element_type = GgufType::u8;  ///< of an array; else equal to type
  std::uint64_t count = 1;               ///< elements of an array
  std::span<const std::byte> bytes;      ///< as in the file; of an array, its elements
};

/// A GGUF file of version 2 or 3, little endian. The constructor checks every count, length and offset against the
/// file. Tensor types we cannot widen are kept as StoredType::other: only reading them fails.
///
/// The find functions give nullopt when the key is absent and throw Error mismatch, naming key and both types, when it
/// holds something else. Views stay valid as long as the file object (or what keep_alive gave).
class GgufFile : public WeightSource {
 public:
  explicit GgufFile(const std::filesystem::path& path);
  const std::vector<StoredTensor>& tensors() const override { return tensors_.list(); }
  const StoredTensor* find(std::string_view name) const override { return tensors_.find(name); }
  const std::filesystem::path& path() const override { return file_->path(); }
  std::shared_ptr<const void> keep_alive() const override { return file_; }

  std::uint32_t version() const noexcept { return version_; }
  /// In the order of the file.
  const std::vector<GgufValue>& metadata() const noexcept { return metadata_; }
  const GgufValue* find_value(std::string_view key) const;

  std::optional<std::string_view> find_string(std::string_view key) const;
  /// Any integer type.
  std::optional<std::int64_t> find_integer(std::string_view key) const;
  /// Any integer or float type.
  std::optional<double> find_number(std::string_view key) const;
  std::optional<bool> find_bool(std::string_view key) const;
  std::optional<std::vector<std::string_view>> find_strings(std::string_view key) const;
  std::optional<std::vector<std::int64_t>> find_integers(std::string_view key) const;
  std::optional<std::vector<double>> find_numbers(std::string_view key) const;

 private:
  std::uint64_t offset_of(const GgufValue& value) const noexcept;
  const GgufValue* find_array(std::string_view key, std::string_view wanted) const;
  [[noreturn]] void wrong_type(const GgufValue& value, std::string_view wanted) const;

  std::shared_ptr<const MappedFile> file_;
  std::uint32_t version_ = 0;
  std::vector<GgufValue> metadata_;
  std::unordered_map<std::string_view, std::size_t> keys_;
  TensorTable tensors_;
};

}  // namespace gpt
