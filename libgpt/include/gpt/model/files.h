// Models as folders that Transformers reads.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>

#include "gpt/io/weight_source.h"
#include "gpt/model/decoder.h"

namespace gpt {

/// The configuration that a config.json describes; `where` (its path) opens every message. Errors: unsupported
/// (architecture or setting, by name), malformed, mismatch (sizes that do not fit together).
ModelConfig read_model_config(const nlohmann::json& json, std::string_view where);

/// config.json of a decoder: what Transformers 5 writes for its family, with `extra` merged in (id2label, pad_token_id,
/// ...). `architecture`: "ForCausalLM", "ForSequenceClassification", ...
nlohmann::ordered_json transformers_config(const ModelConfig& config, std::string_view architecture,
                                           const nlohmann::ordered_json& extra = {});

/// Writes config.json and model.safetensors of f32, bf16 or f16 values; adapters must be merged first. Head weights
/// keep their names.
void save_model(const Decoder& decoder, std::span<Parameter* const> head, const std::filesystem::path& folder,
                std::string_view architecture, const nlohmann::ordered_json& extra = {},
                StoredType type = StoredType::f32);

/// Fills head weights by name from the tensors of a model folder. Errors: not_found, mismatch, naming the tensor.
void load_head(std::span<Parameter* const> head, const std::filesystem::path& folder);

}  // namespace gpt
