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
  transposed,  ///< GPT-2's Conv1D weights
  permuted,    ///< rotary rows of Llama's queries or keys: llama.cpp has pairs side by side
  regrouped,   ///< GPT-NeoX's rows: llama.cpp has all queries, keys, values, Transformers a head's side by side
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
  NormName query_norm = {}, key_norm = {};   ///< of one head; names empty: none
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
  virtual std::string class_name(std::string_view architecture) const = 0;  ///< "ForCausalLM" -> "GPT2LMHeadModel"
  /// What the names of a decoder's weights begin with, and what they begin with in that class of Transformers.
  virtual std::string_view prefix() const = 0;
  virtual std::string_view prefix(std::string_view) const { return prefix(); }
  virtual bool transposed_weights() const { return false; }  ///< [inputs, outputs]

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

/// Checks that the sizes fit together (heads divide, ...). Error mismatch.
void check_config(const ModelConfig& config, std::string_view where);

}  // namespace gpt
