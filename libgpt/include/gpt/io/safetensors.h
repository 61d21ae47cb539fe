// The safetensors format: 8 bytes length, a JSON header, the tensors (github.com/huggingface/safetensors, "Format").
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gpt/io/atomic_file.h"
#include "gpt/io/mapped_file.h"
#include "gpt/io/tensor_table.h"
#include "gpt/io/tensor_to_write.h"
#include "gpt/io/weight_source.h"

namespace gpt {

using SafetensorsMetadata = std::map<std::string, std::string>;

/// One file. The constructor checks the whole header: lengths against the file, names unique, tensors one after the
/// other without gap or overlap up to the last byte, sizes equal to shape times type. Types without a StoredType
/// (F8_E4M3, U16, ...) are kept as StoredType::other.
class SafetensorsFile : public WeightSource {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);
  const std::vector<StoredTensor>& tensors() const override { return tensors_.list(); }
  const StoredTensor* find(std::string_view name) const override { return tensors_.find(name); }
  const std::filesystem::path& path() const override { return file_->path(); }
  std::shared_ptr<const void> keep_alive() const override { return file_; }
  /// The strings of __metadata__.
  const SafetensorsMetadata& metadata() const noexcept { return metadata_; }

 private:
  std::shared_ptr<const MappedFile> file_;
  TensorTable tensors_;
  SafetensorsMetadata metadata_;
};

/// A folder of several files and the index that says which tensor is where (model.safetensors.index.json).
class ShardedSafetensors : public WeightSource {
 public:
  explicit ShardedSafetensors(const std::filesystem::path& index);
  const std::vector<StoredTensor>& tensors() const override { return tensors_.list(); }
  const StoredTensor* find(std::string_view name) const override { return tensors_.find(name); }
  const std::filesystem::path& path() const override { return index_; }
  std::shared_ptr<const void> keep_alive() const override { return shards_; }

 private:
  std::filesystem::path index_;
  std::shared_ptr<std::vector<SafetensorsFile>> shards_;
  TensorTable tensors_;
};

/// The metadata that Transformers asks for.
inline SafetensorsMetadata pytorch_metadata() { return {{"format", "pt"}}; }

/// Streams a safetensors file. Wider types come first, so that every tensor is aligned; otherwise the order is kept.
/// Errors: invalid_option for a repeated name, a type other than f32, bf16 and f16, a negative dimension; and what
/// write_values throws.
void write_safetensors(ByteSink& sink, const std::vector<TensorToWrite>& tensors,
                       const SafetensorsMetadata& metadata = pytorch_metadata());
/// The same into a file that is complete or absent.
void write_safetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
                       const SafetensorsMetadata& metadata = pytorch_metadata());
/// The same as one file of a folder that is being built.
void write_safetensors(AtomicFolder& folder, const std::string& name, const std::vector<TensorToWrite>& tensors,
                       const SafetensorsMetadata& metadata = pytorch_metadata());

}  // namespace gpt
