#include <algorithm>
#include <memory>
#include <set>

#include "gpt/core/error.h"
#include "gpt/core/log.h"
#include "gpt/io/gguf_writer.h"
#include "gpt/model/convert.h"
#include "gpt/text/tokenizer.h"
#include "model/convert_parts.h"
#include "model/gguf_config_writer.h"
#include "model/gguf_forms.h"
#include "model/weights.h"

namespace gpt {
namespace {

namespace fs = std::filesystem;

/// general.file_type: LLAMA_FTYPE of llama.h.
std::int64_t file_type(StoredType type) {
  switch (type) {
    case StoredType::f32:
      return 0;
    case StoredType::f16:
      return 1;
    case StoredType::q4_0:
      return 2;
    case StoredType::q4_1:
      return 3;
    case StoredType::q8_0:
      return 7;
    case StoredType::bf16:
      return 32;
    default:
      fail(ErrorCode::invalid_option,
           "a GGUF file of type {} cannot be written: choose f32, f16, bf16, q8_0, q4_0 or q4_1",
           stored_type_name(type));
  }
}

bool quantized(StoredType type) { return block_size(type).elements > 1; }

class Conversion {
 public:
  Conversion(const fs::path& model, const GgufOptions& options)
      : model_(model), options_(options), source_(std::make_shared<const ModelSource>(open_whole_model(model))) {}

  void write(ByteSink& sink) {
    general();
    write_gguf_config(source_->config, metadata_);
    vocabulary();
    const std::vector<TensorToWrite> list = tensors();
    write_gguf(sink, metadata_, list);
  }

 private:
  const ModelConfig& config() const { return source_->config; }

  void general() {
    const fs::path named = model_.has_filename() ? model_ : model_.parent_path();
    metadata_.add_string("general.architecture", family(config().family).gguf_architecture());
    metadata_.add_string("general.type", "model");
    metadata_.add_string("general.name", named.stem().string());
    metadata_.add_size("general.file_type", file_type(options_.type));
    if (quantized(options_.type)) metadata_.add_size("general.quantization_version", 2);
  }

  void vocabulary() {
    if (has_tokenizer(model_, *source_)) {
      Tokenizer::load(model_)->add_to_gguf(metadata_, config().vocabulary);
    } else {
      log_warning("{}: no tokenizer there; the GGUF file will take token ids only", model_.string());
      metadata_.add_string("tokenizer.ggml.model", "no_vocab");
    }
    const auto token = [&](const char* key, std::optional<std::int32_t> id) {
      if (id && !metadata_.has(key)) metadata_.add_size(key, *id);
    };
    token("tokenizer.ggml.bos_token_id", config().bos);
    token("tokenizer.ggml.eos_token_id", config().eos);
    token("tokenizer.ggml.padding_token_id", config().pad);
  }

  std::vector<TensorToWrite> tensors() {
    std::vector<TensorToWrite> list;
    std::set<std::string_view> taken;
    for_each_weight(config(), [&](const WeightName& weight) {
      const StoredTensor* stored = find_weight(*source_, weight.name, weight.optional);
      if (stored == nullptr)
        fail(ErrorCode::unsupported,
             "{} was saved without its output projection ({}): llama.cpp could not predict tokens with it",
             model_.string(), weight.name.name);
      taken.insert(stored->name);
      list.push_back(tensor(weight, *stored));
    });
    check_rest(taken);
    return list;
  }

  TensorToWrite tensor(const WeightName& weight, const StoredTensor& stored) const {
    Shape shape = weight.shape;
    if (weight.name.form == GgufForm::transposed) std::swap(shape.rows, shape.columns);
    const auto read = [source = source_, weight, &stored](const auto& use) {
      const Tensor value =
          to_gguf(read_weight(*source, stored, weight.name, weight.shape), weight.name.form, source->config);
      use(value.values());
    };
    return {weight.name.gguf, type_of(weight, shape), dimensions(shape), nullptr, read};
  }

  StoredType type_of(const WeightName& weight, const Shape& shape) const {
    const Family& kind = family(config().family);
    if (shape.rank == 1 || weight.name.name == kind.position_embedding().name) return StoredType::f32;
    if (quantized(options_.type) && shape.columns % block_size(options_.type).elements != 0) return StoredType::f16;
    const bool four_bits = options_.type == StoredType::q4_0 || options_.type == StoredType::q4_1;
    const TensorName output = config().tied_embeddings ? kind.token_embedding() : kind.output_projection();
    return four_bits && weight.name.name == output.name ? StoredType::q8_0 : options_.type;
  }

  /// What has no place in the file must not be lost unnoticed.
  void check_rest(const std::set<std::string_view>& taken) const {
    std::vector<std::string_view> rest;
    for (const StoredTensor& stored : source_->weights->tensors())
      if (taken.count(stored.name) == 0 && !is_buffer(stored.name) && stored.name != tied_copy())
        rest.push_back(stored.name);
    if (rest.empty() || options_.drop_head) return;
    fail(ErrorCode::unsupported,
         "{} holds a task head or other tensors that a GGUF file has no place for: {}; keep the folder for the task, "
         "or leave them out with --drop_head",
         model_.string(), fmt::join(rest, ", "));
  }

  /// The output projection where it is the token embedding and some writers store it again.
  std::string tied_copy() const {
    const TensorName name = family(config().family).output_projection();
    return !config().tied_embeddings ? std::string() : source_->gguf ? name.gguf : name.name;
  }

  fs::path model_;
  GgufOptions options_;
  std::shared_ptr<const ModelSource> source_;
  GgufMetadata metadata_;
};

}  // namespace

void convert_to_gguf(const fs::path& model, const GgufOptions& options, ByteSink& sink) {
  Conversion(model, options).write(sink);
}

}  // namespace gpt
