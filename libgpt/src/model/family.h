// What tells one family from another: its configuration and the names of its weights. One file a family under
// families/.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/io/gguf.h"
#include "gpt/model/config.h"

namespace gpt {

/// How a tensor of a GGUF file becomes the one Transformers has.
enum class GgufForm {
  same,
  transposed,      ///< GPT-2's Conv1D weights
  permuted_query,  ///< llama's rotary rows, interleaved by llama.cpp; of all heads
  permuted_key,    ///< the same of the key heads
  regrouped,       ///< GPT-NeoX's rows: llama.cpp has all queries, keys, values, Transformers a head's side by side
};

struct TensorName {
  std::string name;  ///< Transformers', of the ForCausalLM class
  std::string gguf;  ///< llama.cpp's
  GgufForm form = GgufForm::same;
};

/// One weight matrix of a block. `module` is the last part of its name, which PEFT's target_modules give.
struct ProjectionName {
  std::string module;
  TensorName weight;
  TensorName bias;  ///< name empty: none
  std::int64_t outputs = 0;
};

struct NormName {
  TensorName weight, bias;  ///< bias name empty: none
};

struct BlockNames {
  NormName attention_norm, mlp_norm;
  std::vector<ProjectionName> attention_in;  ///< query, key, value, together or apart
  ProjectionName attention_out;
  std::vector<ProjectionName> mlp_in;  ///< gate and up, or one
  ProjectionName mlp_out;
};

class Family {
 public:
  virtual ~Family();
  virtual std::string_view model_type() const = 0;  ///< of config.json
  virtual std::string_view gguf_architecture() const = 0;
  virtual std::string_view class_name(std::string_view architecture) const = 0;  ///< "ForCausalLM" -> "GPT2LMHeadModel"
  virtual bool transposed_weights() const { return false; }                      ///< [inputs, outputs]

  /// Error unsupported, naming the setting, for what this decoder does not do.
  virtual ModelConfig from_json(const nlohmann::json& json, std::string_view where) const = 0;
  virtual nlohmann::ordered_json to_json(const ModelConfig& config) const = 0;
  virtual ModelConfig from_gguf(const GgufFile& file) const = 0;

  virtual TensorName token_embedding() const = 0;
  virtual TensorName position_embedding() const { return {}; }
  virtual BlockNames block(const ModelConfig& config, std::int64_t index) const = 0;
  virtual NormName final_norm() const = 0;
  virtual TensorName output_projection() const { return {"lm_head.weight", "output.weight", GgufForm::same}; }
};

std::span<const Family* const> families();
/// Error unsupported names the families there are.
const Family& family(std::string_view model_type);

/// Reads settings of a config.json and refuses what it cannot be.
class ConfigReader {
 public:
  ConfigReader(const nlohmann::json& json, std::string_view where) : json_(json), where_(where) {}
  bool has(const char* key) const { return json_.contains(key) && !json_.at(key).is_null(); }
  std::int64_t size(const char* key) const;  ///< required; 1 to 2^31 - 1
  std::int64_t size_or(const char* key, std::int64_t otherwise) const { return has(key) ? size(key) : otherwise; }
  double number_or(const char* key, double otherwise) const;
  bool flag_or(const char* key, bool otherwise) const;
  std::string text_or(const char* key, const std::string& otherwise) const;
  std::optional<std::int32_t> token(const char* key) const;
  /// What every family spells alike: the deviation of fresh weights and the special tokens.
  void common(ModelConfig& config) const;
  /// Error unsupported unless the setting is absent or one of these.
  void only(const char* key, std::initializer_list<nlohmann::json> allowed) const;
  const nlohmann::json& json() const { return json_; }

 private:
  [[noreturn]] void wrong(const char* key, const char* wanted) const;
  const nlohmann::json& json_;
  std::string where_;
};

/// Checks that the sizes fit together (heads divide, ...). Error mismatch.
void check_config(const ModelConfig& config, std::string_view where);

/// GGUF metadata under the architecture's prefix: "llama.block_count".
std::int64_t gguf_size(const GgufFile& file, std::string_view key);
std::int64_t gguf_size_or(const GgufFile& file, std::string_view key, std::int64_t otherwise);
double gguf_number_or(const GgufFile& file, std::string_view key, double otherwise);
/// Vocabulary and special tokens, as every family has them.
void read_gguf_vocabulary(const GgufFile& file, ModelConfig& config);

}  // namespace gpt
