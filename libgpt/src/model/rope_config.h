// Rotary positions as files write them.
#pragma once

#include <vector>

#include "gpt/io/gguf.h"
#include "model/config_reader.h"

namespace gpt {

/// Names of version 4 for what version 5 keeps in rope_parameters.
struct RopeKeys {
  const char* theta = "rope_theta";
  const char* rotated_part = "partial_rotary_factor";
  double default_part = 1;
};

/// rope_parameters, or rope_theta, rope_scaling and the like of older files; sets rope_theta, rope_scaling and rotated.
/// Error unsupported for a kind of positions other than default and llama3, mismatch where both spellings disagree.
void read_rope(const ConfigReader& read, ModelConfig& config, const RopeKeys& keys = {});
/// Both spellings, so that versions 4 and 5 read the file.
void write_rope(const ModelConfig& config, nlohmann::ordered_json& json, const RopeKeys& keys = {});

/// What scaling divides the frequency of each pair by: rope_freqs.weight of a GGUF file.
std::vector<float> rope_divisors(const ModelConfig& config);
/// rope_freqs.weight: what llama.cpp divides each pair's frequency by. Finds the scaling of Llama 3 behind it. Error
/// unsupported for another one.
std::optional<RopeScaling> read_gguf_rope_scaling(const GgufFile& file, const ModelConfig& config);

}  // namespace gpt
