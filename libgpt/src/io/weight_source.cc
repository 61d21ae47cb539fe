#include "gpt/io/weight_source.h"

#include <array>
#include <cstdint>

#include "gpt/core/error.h"
#include "gpt/io/reader.h"
#include "gpt/io/tensor_table.h"
#include "io/blocks.h"

namespace gpt {
namespace {

struct TypeRow {
  std::string_view name;
  BlockSize block;
  WidenBlocks widen;
};

/// In the order of StoredType.
constexpr std::array<TypeRow, 25> types{{
    {"f32", {1, 4}, widen_f32},
    {"f16", {1, 2}, widen_f16},
    {"bf16", {1, 2}, widen_bf16},
    {"f64", {1, 8}, widen_f64},
    {"i8", {1, 1}, widen_i8},
    {"i16", {1, 2}, widen_i16},
    {"i32", {1, 4}, widen_i32},
    {"i64", {1, 8}, widen_i64},
    {"u8", {1, 1}, widen_u8},
    {"boolean", {1, 1}, widen_u8},
    {"q8_0", {32, 34}, widen_q8_0},
    {"q4_0", {32, 18}, widen_q4_0},
    {"q4_1", {32, 20}, widen_q4_1},
    {"q5_0", {32, 22}, widen_q5_0},
    {"q5_1", {32, 24}, widen_q5_1},
    {"q2_k", {256, 84}, widen_q2_k},
    {"q3_k", {256, 110}, widen_q3_k},
    {"q4_k", {256, 144}, widen_q4_k},
    {"q5_k", {256, 176}, widen_q5_k},
    {"q6_k", {256, 210}, widen_q6_k},
    {"q8_k", {256, 292}, widen_q8_k},
    {"iq4_nl", {32, 18}, widen_iq4_nl},
    {"iq4_xs", {256, 136}, widen_iq4_xs},
    {"mxfp4", {32, 17}, widen_mxfp4},
    {"other", {0, 0}, nullptr},
}};

const TypeRow& row_of(StoredType type) noexcept { return types[static_cast<std::size_t>(type)]; }

}  // namespace

WeightSource::~WeightSource() = default;

std::string_view stored_type_name(StoredType type) noexcept { return row_of(type).name; }

BlockSize block_size(StoredType type) noexcept { return row_of(type).block; }

std::int64_t StoredTensor::elements() const noexcept {
  std::int64_t product = 1;
  for (const auto size : shape) product *= size;
  return product;
}

void read_f32(const StoredTensor& tensor, std::int64_t first, std::span<float> out) {
  const auto& [name, block, widen] = row_of(tensor.type);
  if (widen == nullptr)
    fail(ErrorCode::unsupported,
         "tensor '{}' is stored as {}, which cannot be read as numbers here; convert the file to f16 or Q8_0",
         tensor.name, tensor.type_name);
  const auto count = static_cast<std::int64_t>(out.size());
  const auto stored = static_cast<std::int64_t>(tensor.bytes.size()) / block.bytes * block.elements;
  if (first < 0 || first > stored || count > stored - first)
    fail(ErrorCode::mismatch, "tensor '{}' has {} elements; {} were asked for from element {}", tensor.name, stored,
         count, first);
  if (first % block.elements != 0 || count % block.elements != 0)
    fail(ErrorCode::mismatch, "tensor '{}' is stored in blocks of {} ({}); elements {} to {} are not whole blocks",
         tensor.name, block.elements, name, first, first + count);
  widen(tensor.bytes.data() + first / block.elements * block.bytes, count / block.elements, out.data());
}

std::span<const float> view_f32(const StoredTensor& tensor) noexcept {
  const auto* data = tensor.bytes.data();
  if (tensor.type != StoredType::f32 || reinterpret_cast<std::uintptr_t>(data) % alignof(float) != 0) return {};
  return {reinterpret_cast<const float*>(data), tensor.bytes.size() / sizeof(float)};
}

bool TensorTable::add(StoredTensor tensor) {
  if (!by_name_.emplace(tensor.name, list_.size()).second) return false;
  list_.push_back(std::move(tensor));
  return true;
}

const StoredTensor* TensorTable::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &list_[found->second];
}

}  // namespace gpt
