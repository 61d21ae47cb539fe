#include "gpt/io/tensor_to_write.h"

#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"
#include "gpt/io/reader.h"
#include "io/narrow.h"

namespace gpt {
namespace {

constexpr std::size_t kPiece = 1 << 16;  // values narrowed at a time: a multiple of every block
constexpr float kLargestHalf = 65504;

NarrowBlocks narrow_function(StoredType type) noexcept {
  switch (type) {
    case StoredType::f32:
      return narrow_f32;
    case StoredType::f16:
      return narrow_f16;
    case StoredType::bf16:
      return narrow_bf16;
    case StoredType::q8_0:
      return narrow_q8_0;
    case StoredType::q4_0:
      return narrow_q4_0;
    case StoredType::q4_1:
      return narrow_q4_1;
    default:
      return nullptr;
  }
}

/// Scales of blocks are float16.
void check_range(const TensorToWrite& tensor, std::span<const float> values, std::size_t first) {
  const auto bad =
      std::find_if_not(values.begin(), values.end(), [](float value) { return std::abs(value) <= kLargestHalf; });
  if (bad != values.end())
    fail(ErrorCode::malformed, "tensor '{}' holds {} at element {}, which {} cannot store; write it as f32",
         tensor.name, *bad, first + static_cast<std::size_t>(bad - values.begin()), stored_type_name(tensor.type));
}

void write_narrowed(ByteSink& sink, const TensorToWrite& tensor, std::span<const float> values) {
  if (tensor.type == StoredType::f32) return sink.write(values.data(), values.size_bytes());
  const NarrowBlocks narrow = narrow_function(tensor.type);
  const BlockSize block = block_size(tensor.type);
  std::vector<std::byte> piece;
  for (std::size_t first = 0; first < values.size(); first += kPiece) {
    const auto part = values.subspan(first, std::min(kPiece, values.size() - first));
    if (block.elements > 1) check_range(tensor, part, first);
    const std::int64_t blocks = static_cast<std::int64_t>(part.size()) / block.elements;
    piece.resize(static_cast<std::size_t>(blocks * block.bytes));
    narrow(part.data(), blocks, piece.data());
    sink.write(piece.data(), piece.size());
  }
}

}  // namespace

std::int64_t TensorToWrite::elements() const {
  std::int64_t count = 1;
  for (const auto size : shape)
    if (size < 0 || !checked_multiply(count, size, count))
      fail(ErrorCode::invalid_option, "tensor '{}' cannot be written with shape [{}]", name, fmt::join(shape, ", "));
  return count;
}

bool writable_type(StoredType type) noexcept { return narrow_function(type) != nullptr; }

void write_values(ByteSink& sink, const TensorToWrite& tensor) {
  if (narrow_function(tensor.type) == nullptr)
    fail(ErrorCode::invalid_option, "tensor '{}' cannot be written as {}", tensor.name, stored_type_name(tensor.type));
  const std::int64_t count = tensor.elements();
  const auto use = [&](std::span<const float> values) {
    if (static_cast<std::int64_t>(values.size()) != count)
      fail(ErrorCode::mismatch, "tensor '{}' has {} values, its shape [{}] asks for {}", tensor.name, values.size(),
           fmt::join(tensor.shape, ", "), count);
    write_narrowed(sink, tensor, values);
  };
  if (tensor.values) return tensor.values(use);
  use({tensor.data, tensor.data != nullptr ? static_cast<std::size_t>(count) : 0});
}

}  // namespace gpt
