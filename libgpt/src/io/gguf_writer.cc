#include "gpt/io/gguf_writer.h"

#include <limits>

#include "gpt/core/error.h"
#include "gpt/io/reader.h"
#include "io/gguf_types.h"

namespace gpt {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::int64_t kAlignment = 32;     // what readers take where general.alignment is absent
constexpr std::size_t kLongestName = 63;    // GGML_MAX_NAME less its NUL
constexpr std::size_t kMostDimensions = 4;  // GGML_MAX_DIMS

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void put_string(std::string& out, std::string_view text) {
  put(out, std::uint64_t{text.size()});
  out += text;
}

std::int64_t padded(std::int64_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

/// Bytes that the tensor takes in the file.
std::int64_t stored_size(const TensorToWrite& tensor) {
  const BlockSize block = block_size(tensor.type);
  const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  std::int64_t size = 0;
  if (!writable_type(tensor.type))
    fail(ErrorCode::invalid_option, "tensor '{}' cannot be written as {}", tensor.name, stored_type_name(tensor.type));
  if (row % block.elements != 0)
    fail(ErrorCode::invalid_option, "tensor '{}' has rows of {}, no multiple of the {} that {} packs", tensor.name, row,
         block.elements, stored_type_name(tensor.type));
  if (!checked_multiply(tensor.elements() / block.elements, block.bytes, size))
    fail(ErrorCode::invalid_option, "tensor '{}' takes more bytes than a file can have", tensor.name);
  return size;
}

void put_description(std::string& out, const TensorToWrite& tensor, std::int64_t offset) {
  if (tensor.name.empty() || tensor.name.size() > kLongestName)
    fail(ErrorCode::invalid_option, "tensor '{}' cannot be written: a name has 1 to {} bytes", tensor.name,
         kLongestName);
  if (tensor.shape.size() > kMostDimensions)
    fail(ErrorCode::invalid_option, "tensor '{}' has {} dimensions; GGUF knows up to {}", tensor.name,
         tensor.shape.size(), kMostDimensions);
  put_string(out, tensor.name);
  put(out, static_cast<std::uint32_t>(tensor.shape.size()));
  for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size) put(out, *size);
  put(out, ggml_number(tensor.type));
  put(out, offset);
}

void pad(ByteSink& sink, std::int64_t size) {
  sink.write(std::string(static_cast<std::size_t>(padded(size) - size), '\0'));
}

}  // namespace

void GgufMetadata::begin(std::string_view key, GgufType type) {
  if (!keys_.emplace(key).second) fail(ErrorCode::invalid_option, "the metadata key '{}' would be written twice", key);
  put_string(bytes_, key);
  put(bytes_, static_cast<std::uint32_t>(type));
}

void GgufMetadata::begin_array(std::string_view key, GgufType element, std::uint64_t count) {
  begin(key, GgufType::array);
  put(bytes_, static_cast<std::uint32_t>(element));
  put(bytes_, count);
}

void GgufMetadata::add_string(std::string_view key, std::string_view value) {
  begin(key, GgufType::string);
  put_string(bytes_, value);
}

void GgufMetadata::add_bool(std::string_view key, bool value) {
  begin(key, GgufType::boolean);
  bytes_ += static_cast<char>(value ? 1 : 0);
}

void GgufMetadata::add_size(std::string_view key, std::int64_t value) {
  if (value < 0 || value > std::numeric_limits<std::uint32_t>::max())
    fail(ErrorCode::invalid_option, "the metadata value {} = {} does not fit into 32 bits", key, value);
  begin(key, GgufType::u32);
  put(bytes_, static_cast<std::uint32_t>(value));
}

void GgufMetadata::add_f32(std::string_view key, double value) {
  begin(key, GgufType::f32);
  put(bytes_, static_cast<float>(value));
}

void GgufMetadata::add_strings(std::string_view key, std::span<const std::string> values) {
  begin_array(key, GgufType::string, values.size());
  for (const std::string& value : values) put_string(bytes_, value);
}

void GgufMetadata::add_i32s(std::string_view key, std::span<const std::int32_t> values) {
  begin_array(key, GgufType::i32, values.size());
  for (const std::int32_t value : values) put(bytes_, value);
}

void GgufMetadata::add_f32s(std::string_view key, std::span<const float> values) {
  begin_array(key, GgufType::f32, values.size());
  for (const float value : values) put(bytes_, value);
}

void write_gguf(ByteSink& sink, const GgufMetadata& metadata, const std::vector<TensorToWrite>& tensors) {
  std::string head = "GGUF";
  put(head, kVersion);
  put(head, std::uint64_t{tensors.size()});
  put(head, metadata.size());
  head += metadata.bytes();
  std::set<std::string_view> names;
  std::int64_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    if (!names.insert(tensor.name).second)
      fail(ErrorCode::invalid_option, "tensor '{}' would be written twice", tensor.name);
    put_description(head, tensor, offset);
    if (!checked_add(offset, stored_size(tensor), offset) ||
        offset > std::numeric_limits<std::int64_t>::max() - kAlignment)
      fail(ErrorCode::invalid_option, "tensor '{}' ends beyond what a file can have", tensor.name);
    offset = padded(offset);
  }
  sink.write(head);
  pad(sink, static_cast<std::int64_t>(head.size()));
  for (const TensorToWrite& tensor : tensors) {
    write_values(sink, tensor);
    pad(sink, stored_size(tensor));
  }
}

}  // namespace gpt
