#include <algorithm>
#include <set>

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "gpt/io/reader.h"
#include "gpt/io/safetensors.h"
#include "io/half.h"

namespace gpt {
namespace {

std::string_view dtype_name(const TensorToWrite& tensor) {
  switch (tensor.type) {
    case StoredType::f32:
      return "F32";
    case StoredType::bf16:
      return "BF16";
    case StoredType::f16:
      return "F16";
    default:
      fail(ErrorCode::invalid_option, "tensor '{}' cannot be written as {}: choose f32, bf16 or f16", tensor.name,
           stored_type_name(tensor.type));
  }
}

std::int64_t elements_of(const TensorToWrite& tensor) {
  std::int64_t count = 1;
  for (const auto size : tensor.shape)
    if (size < 0 || !checked_multiply(count, size, count))
      fail(ErrorCode::invalid_option, "tensor '{}' cannot be written with shape [{}]", tensor.name,
           fmt::join(tensor.shape, ", "));
  return count;
}

/// Wider types first, otherwise as given.
std::vector<const TensorToWrite*> in_file_order(const std::vector<TensorToWrite>& tensors) {
  std::vector<const TensorToWrite*> order;
  for (const auto& tensor : tensors) order.push_back(&tensor);
  std::stable_sort(order.begin(), order.end(), [](const TensorToWrite* a, const TensorToWrite* b) {
    return block_size(a->type).bytes > block_size(b->type).bytes;
  });
  return order;
}

/// The JSON header, padded with spaces so that the data starts at a multiple of 8.
std::string header_of(const std::vector<const TensorToWrite*>& order, const SafetensorsMetadata& metadata) {
  nlohmann::ordered_json::object_t header;
  if (!metadata.empty()) header.emplace_back("__metadata__", metadata);
  std::set<std::string> names{"__metadata__"};
  std::int64_t offset = 0;
  for (const auto* tensor : order) {
    if (!names.insert(tensor->name).second)
      fail(ErrorCode::invalid_option, "tensor '{}' would be written twice or has a reserved name", tensor->name);
    const auto end = offset + elements_of(*tensor) * block_size(tensor->type).bytes;
    header.emplace_back(tensor->name,
                        nlohmann::ordered_json{
                            {"dtype", dtype_name(*tensor)}, {"shape", tensor->shape}, {"data_offsets", {offset, end}}});
    offset = end;
  }
  std::string text =
      nlohmann::ordered_json(std::move(header)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

/// Rounds to 16 bits a piece at a time.
void write_rounded(ByteSink& sink, std::span<const float> values, std::uint16_t (*round)(float)) {
  std::vector<std::uint16_t> piece;
  for (std::size_t first = 0; first < values.size(); first += piece.size()) {
    piece.resize(std::min<std::size_t>(values.size() - first, 1 << 16));
    std::transform(values.data() + first, values.data() + first + piece.size(), piece.begin(), round);
    sink.write(piece.data(), piece.size() * sizeof(std::uint16_t));
  }
}

void write_values(ByteSink& sink, const TensorToWrite& tensor) {
  const std::span<const float> values(tensor.data, static_cast<std::size_t>(elements_of(tensor)));
  if (values.empty()) return;
  if (tensor.type == StoredType::f32)
    sink.write(values.data(), values.size_bytes());
  else
    write_rounded(sink, values, tensor.type == StoredType::bf16 ? f32_to_bf16 : f32_to_f16);
}

}  // namespace

void write_safetensors(ByteSink& sink, const std::vector<TensorToWrite>& tensors, const SafetensorsMetadata& metadata) {
  const auto order = in_file_order(tensors);
  const std::string header = header_of(order, metadata);
  const std::uint64_t length = header.size();
  sink.write(&length, sizeof(length));
  sink.write(header);
  for (const auto* tensor : order) write_values(sink, *tensor);
}

void write_safetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
                       const SafetensorsMetadata& metadata) {
  AtomicFile file(path);
  write_safetensors(file, tensors, metadata);
  file.commit();
}

void write_safetensors(AtomicFolder& folder, const std::string& name, const std::vector<TensorToWrite>& tensors,
                       const SafetensorsMetadata& metadata) {
  const auto file = folder.create(name);
  write_safetensors(*file, tensors, metadata);
  file->finish();
}

}  // namespace gpt
