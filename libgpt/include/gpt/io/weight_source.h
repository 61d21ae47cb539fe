// Where weights come from: named tensors in a mapped file or several, read as float32.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gpt {

/// Element types of stored tensors: plain ones (safetensors, GGUF) and GGUF's blocks.
enum class StoredType {
  f32,
  f16,
  bf16,
  f64,
  i8,
  i16,
  i32,
  i64,
  u8,
  boolean,
  q8_0,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  q8_k,
  iq4_nl,
  iq4_xs,
  mxfp4,
  other
};

std::string_view stored_type_name(StoredType type) noexcept;

/// Elements of a block (1 for plain types) and its bytes; 0 and 0 for StoredType::other.
struct BlockSize {
  std::int64_t elements;
  std::int64_t bytes;
};
BlockSize block_size(StoredType type) noexcept;

struct StoredTensor {
  std::string name;
  StoredType type = StoredType::f32;
  std::vector<std::int64_t> shape;   ///< outermost first, as PyTorch writes it (GGUF's order reversed)
  std::span<const std::byte> bytes;  ///< in the mapped file
  std::string type_name;             ///< the name in the file, for messages
  std::int64_t elements() const noexcept;
};

class WeightSource {
 public:
  virtual ~WeightSource();
  /// In the order of the file.
  virtual const std::vector<StoredTensor>& tensors() const = 0;
  /// Null if there is none of that name.
  virtual const StoredTensor* find(std::string_view name) const = 0;
  /// The path for messages.
  virtual const std::filesystem::path& path() const = 0;
  /// Keeps the mapping alive as long as a view into it is used.
  virtual std::shared_ptr<const void> keep_alive() const = 0;
};

/// Elements [first, first + out.size()) of a tensor widened to float32; first and the count must be multiples of the
/// type's block (32 or 256; 1 for plain types). Any number of threads at once. Error unsupported for types that hold no
/// numbers we can read, naming tensor and type.
void read_f32(const StoredTensor& tensor, std::int64_t first, std::span<float> out);

/// The tensor where it lies: empty unless it is float32 and aligned to 4 bytes.
std::span<const float> view_f32(const StoredTensor& tensor) noexcept;

/// Opens a .safetensors file, a .gguf file, or a folder with model.safetensors, model.safetensors.index.json (sharded),
/// adapter_model.safetensors or one .gguf. Errors: not_found, malformed (with the offset), unsupported (pickled .bin:
/// says how to convert).
std::unique_ptr<WeightSource> open_weights(const std::filesystem::path& path);

}  // namespace gpt
