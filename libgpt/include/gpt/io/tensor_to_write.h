// What the writers of weight files take.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gpt/io/file_system.h"
#include "gpt/io/weight_source.h"

namespace gpt {

/// A tensor to write: float32 values in row-major order, and the type to store them as. 16-bit types are rounded to
/// nearest, ties to even; the quantized ones (q8_0, q4_0, q4_1: GGUF only) as ggml's reference quantizers do, bit for
/// bit.
struct TensorToWrite {
  std::string name;
  StoredType type = StoredType::f32;
  std::vector<std::int64_t> shape;  ///< outermost first
  const float* data = nullptr;
  /// In place of `data`: calls use(values) once, when their turn comes, so that one tensor at a time is in memory.
  std::function<void(const std::function<void(std::span<const float>)>& use)> values = {};

  /// Error invalid_option for a negative dimension or more elements than fit.
  std::int64_t elements() const;
};

/// Whether values can be stored as this type.
bool writable_type(StoredType type) noexcept;

/// Streams the stored bytes. Errors: mismatch where there are not elements() values; malformed where a value that is
/// to be quantized is not finite or beyond float16; invalid_option for another type. All name the tensor.
void write_values(ByteSink& sink, const TensorToWrite& tensor);

}  // namespace gpt
