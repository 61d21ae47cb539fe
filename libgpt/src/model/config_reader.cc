#include "model/config_reader.h"

#include <algorithm>
#include <array>
#include <limits>

#include "gpt/core/error.h"
#include "gpt/core/log.h"

namespace gpt {
namespace {

/// Settings that Transformers writes or wrote into every config.json and that do not change what a forward pass
/// computes: bookkeeping, labels, generation, sizes of chunks.
constexpr std::string_view kHarmless[] = {"architectures",
                                          "attn_implementation",
                                          "auto_map",
                                          "bad_words_ids",
                                          "begin_suppress_tokens",
                                          "chunk_size_feed_forward",
                                          "classifier_dropout",
                                          "custom_pipelines",
                                          "decoder_start_token_id",
                                          "diversity_penalty",
                                          "do_sample",
                                          "dtype",
                                          "early_stopping",
                                          "encoder_no_repeat_ngram_size",
                                          "exponential_decay_length_penalty",
                                          "finetuning_task",
                                          "forced_bos_token_id",
                                          "forced_eos_token_id",
                                          "gradient_checkpointing",
                                          "id2label",
                                          "is_decoder",
                                          "is_llama_config",
                                          "keys_to_ignore_at_inference",
                                          "label2id",
                                          "language",
                                          "length_penalty",
                                          "max_length",
                                          "max_new_tokens",
                                          "max_sequence_length",
                                          "max_window_layers",
                                          "min_length",
                                          "model_max_length",
                                          "model_type",
                                          "n_ctx",
                                          "name_or_path",
                                          "no_repeat_ngram_size",
                                          "num_beam_groups",
                                          "num_beams",
                                          "num_labels",
                                          "num_return_sequences",
                                          "output_attentions",
                                          "output_hidden_states",
                                          "output_scores",
                                          "predict_special_tokens",
                                          "prefix",
                                          "pretraining_tp",
                                          "problem_type",
                                          "remove_invalid_values",
                                          "reorder_and_upcast_attn",
                                          "repetition_penalty",
                                          "return_dict",
                                          "return_dict_in_generate",
                                          "sep_token_id",
                                          "summary_activation",
                                          "summary_first_dropout",
                                          "summary_proj_to_labels",
                                          "summary_type",
                                          "summary_use_proj",
                                          "suppress_tokens",
                                          "tags",
                                          "task_specific_params",
                                          "temperature",
                                          "tf_legacy_loss",
                                          "tie_encoder_decoder",
                                          "tokenizer_class",
                                          "top_k",
                                          "top_p",
                                          "torch_dtype",
                                          "torchscript",
                                          "transformers.js_config",
                                          "transformers_version",
                                          "typical_p",
                                          "unk_token_id",
                                          "unsloth_fixed",
                                          "unsloth_version",
                                          "use_bfloat16",
                                          "use_cache"};

/// Parts of names that speak of arithmetic.
constexpr std::string_view kArithmetic[] = {
    "act",     "alibi",  "attention",  "attn", "bias",     "cap",      "clamp", "clip",  "conv",
    "cross",   "dim",    "embed",      "eps",  "expert",   "ffn",      "head",  "layer", "mlp",
    "mixture", "moe",    "multiplier", "norm", "parallel", "position", "quant", "query", "residual",
    "rope",    "rotary", "router",     "scal", "size",     "sparse",   "window"};

bool is_off(const nlohmann::json& value) {
  return value.is_null() || value == false || value == 0 || value == "" ||
         ((value.is_array() || value.is_object()) && value.empty());
}

bool sounds_like_arithmetic(const std::string& key) {
  return std::any_of(std::begin(kArithmetic), std::end(kArithmetic),
                     [&](std::string_view part) { return key.find(part) != std::string::npos; });
}

constexpr std::array<std::pair<std::string_view, MlpKind>, 4> kGelus{{{"gelu", MlpKind::gelu_erf},
                                                                      {"gelu_new", MlpKind::gelu_tanh},
                                                                      {"gelu_pytorch_tanh", MlpKind::gelu_tanh},
                                                                      {"gelu_fast", MlpKind::gelu_tanh}}};

}  // namespace

bool ConfigReader::contains(const std::string& key) const {
  asked_.insert(key);
  return json_.contains(key);
}

bool ConfigReader::has(const std::string& key) const { return contains(key) && !json_.at(key).is_null(); }

void ConfigReader::wrong(const std::string& key, const char* wanted) const {
  fail(ErrorCode::malformed, "{}: {} must be {}, not {}", where_, key, wanted,
       has(key) ? json_.at(key).dump() : "missing");
}

std::int64_t ConfigReader::size(const std::string& key) const {
  if (!has(key) || !json_.at(key).is_number_integer()) wrong(key, "a whole number");
  const auto value = json_.at(key).get<std::int64_t>();
  if (value < 1 || value > std::numeric_limits<std::int32_t>::max()) wrong(key, "between 1 and 2147483647");
  return value;
}

double ConfigReader::number_or(const std::string& key, double otherwise) const {
  if (!has(key)) return otherwise;
  if (!json_.at(key).is_number()) wrong(key, "a number");
  return json_.at(key).get<double>();
}

bool ConfigReader::flag_or(const std::string& key, bool otherwise) const {
  if (!has(key)) return otherwise;
  if (!json_.at(key).is_boolean()) wrong(key, "true or false");
  return json_.at(key).get<bool>();
}

std::string ConfigReader::text_or(const std::string& key, const std::string& otherwise) const {
  if (!has(key)) return otherwise;
  if (!json_.at(key).is_string()) wrong(key, "a text");
  return json_.at(key).get<std::string>();
}

std::optional<std::int32_t> ConfigReader::token(const std::string& key) const {
  if (!has(key)) return std::nullopt;
  const nlohmann::json& value =
      json_.at(key).is_array() && !json_.at(key).empty() ? json_.at(key).front() : json_.at(key);
  if (!value.is_number_integer()) wrong(key, "a token id");
  const auto id = value.get<std::int64_t>();
  if (id < 0) return std::nullopt;  // -1 stands for none in some files
  if (id > std::numeric_limits<std::int32_t>::max()) wrong(key, "a token id");
  return static_cast<std::int32_t>(id);
}

void ConfigReader::common(ModelConfig& config) const {
  config.initializer_range = number_or("initializer_range", 0.02);
  config.bos = token("bos_token_id");
  config.eos = token("eos_token_id");
  config.pad = token("pad_token_id");
}

void ConfigReader::only(const std::string& key, std::initializer_list<nlohmann::json> allowed) const {
  if (!has(key) || std::find(allowed.begin(), allowed.end(), json_.at(key)) != allowed.end()) return;
  std::vector<std::string> names;
  for (const nlohmann::json& value : allowed) names.push_back(value.dump());
  fail(ErrorCode::unsupported, "{}: {} = {} is not supported, only {}", where_, key, json_.at(key).dump(),
       fmt::join(names, ", "));
}

MlpKind ConfigReader::gelu_or(const std::string& key, MlpKind otherwise) const {
  if (!has(key)) return otherwise;
  for (const auto& [name, kind] : kGelus)
    if (json_.at(key) == name) return kind;
  only(key, {"gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast"});
  return otherwise;
}

void ConfigReader::refuse_unknown() const {
  only("is_encoder_decoder", {false});
  only("quantization_config", {nullptr});
  only("pruned_heads", {nlohmann::json::object(), nlohmann::json::array()});
  for (const auto& [key, value] : json_.items()) {
    const bool harmless = key.empty() || key.front() == '_' ||
                          std::find(std::begin(kHarmless), std::end(kHarmless), key) != std::end(kHarmless);
    if (harmless || asked_.count(key) != 0 || is_off(value)) continue;
    if (sounds_like_arithmetic(key))
      fail(ErrorCode::unsupported,
           "{}: {} = {} is not supported: this build does not know the setting, and it may change what the model "
           "computes. If it does not, remove it from the file",
           where_, key, value.dump());
    log_warning("{}: {} is not known here and has no effect", where_, key);
  }
}

void ConfigReader::refuse_others() const {
  for (const auto& [key, value] : json_.items())
    if (asked_.count(key) == 0 && !value.is_null())
      fail(ErrorCode::unsupported, "{}: {} = {} is not supported", where_, key, value.dump());
}

std::string_view gelu_name(MlpKind kind) { return kind == MlpKind::gelu_erf ? "gelu" : "gelu_new"; }

}  // namespace gpt
