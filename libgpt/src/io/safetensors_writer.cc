#include <algorithm>
#include <set>

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "gpt/io/safetensors.h"

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
    const auto end = offset + tensor->elements() * block_size(tensor->type).bytes;
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
