// The tensor types of ggml, by their number in the file.
#pragma once

#include <cstdint>
#include <string>

#include "gpt/io/weight_source.h"

namespace gpt {

struct GgmlType {
  std::string name;  ///< "Q4_1"; "type 99" for a number that this program does not know
  StoredType type;   ///< other if we cannot widen it
  BlockSize block;   ///< 0 and 0 if unknown
};

/// Source: enum ggml_type of ggml.h and the sizes of ggml-common.h.
GgmlType ggml_type(std::uint32_t number);
/// The other way round, for a type that ggml has.
std::uint32_t ggml_number(StoredType type);

}  // namespace gpt
