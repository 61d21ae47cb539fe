#include "io/gguf_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gpt {
namespace {

struct Row {
  std::uint32_t number;
  const char* name;
  StoredType type;
  BlockSize block;
};

constexpr std::array<Row, 34> rows{{
    {0, "F32", StoredType::f32, {1, 4}},
    {1, "F16", StoredType::f16, {1, 2}},
    {2, "Q4_0", StoredType::q4_0, {32, 18}},
    {3, "Q4_1", StoredType::q4_1, {32, 20}},
    {6, "Q5_0", StoredType::q5_0, {32, 22}},
    {7, "Q5_1", StoredType::q5_1, {32, 24}},
    {8, "Q8_0", StoredType::q8_0, {32, 34}},
    {9, "Q8_1", StoredType::other, {32, 36}},
    {10, "Q2_K", StoredType::q2_k, {256, 84}},
    {11, "Q3_K", StoredType::q3_k, {256, 110}},
    {12, "Q4_K", StoredType::q4_k, {256, 144}},
    {13, "Q5_K", StoredType::q5_k, {256, 176}},
    {14, "Q6_K", StoredType::q6_k, {256, 210}},
    {15, "Q8_K", StoredType::q8_k, {256, 292}},
    {16, "IQ2_XXS", StoredType::other, {256, 66}},
    {17, "IQ2_XS", StoredType::other, {256, 74}},
    {18, "IQ3_XXS", StoredType::other, {256, 98}},
    {19, "IQ1_S", StoredType::other, {256, 50}},
    {20, "IQ4_NL", StoredType::other, {32, 18}},
    {21, "IQ3_S", StoredType::other, {256, 110}},
    {22, "IQ2_S", StoredType::other, {256, 82}},
    {23, "IQ4_XS", StoredType::other, {256, 136}},
    {24, "I8", StoredType::i8, {1, 1}},
    {25, "I16", StoredType::i16, {1, 2}},
    {26, "I32", StoredType::i32, {1, 4}},
    {27, "I64", StoredType::i64, {1, 8}},
    {28, "F64", StoredType::f64, {1, 8}},
    {29, "IQ1_M", StoredType::other, {256, 56}},
    {30, "BF16", StoredType::bf16, {1, 2}},
    {34, "TQ1_0", StoredType::other, {256, 54}},
    {35, "TQ2_0", StoredType::other, {256, 66}},
    {39, "MXFP4", StoredType::other, {32, 17}},
    {40, "NVFP4", StoredType::other, {64, 36}},
    {41, "Q1_0", StoredType::other, {128, 18}},
}};

}  // namespace

GgmlType ggml_type(std::uint32_t number) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.number == number; });
  if (row == rows.end()) return {fmt::format("type {}", number), StoredType::other, {0, 0}};
  return {row->name, row->type, row->block};
}

std::uint32_t ggml_number(StoredType type) {
  return std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.type == type; })->number;
}

}  // namespace gpt
