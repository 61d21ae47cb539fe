// The parts of a tokenizer.json, read and written: each function pair belongs to one stage of the pipeline.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "text/json_fields.h"
#include "text/spec.h"

namespace gpt::text {

/// Error unsupported: "WHERE: WHAT is not supported", with what is.
[[noreturn]] void unsupported_part(const std::string& where, const std::string& what);

/// Calls visit for a part, or for each part of a Sequence (whose parts are in the list `key`), however deep.
template <typename Visit>
void for_each_part(const JsonFields& part, const char* key, Visit visit) {
  if (part.text("type") != "Sequence") return visit(part);
  std::size_t index = 0;
  for (const auto& inner : part.array(key)) {
    for_each_part(JsonFields(inner, fmt::format("{}: {}[{}]", part.where(), key, index++)), key, visit);
  }
}

/// {"String": ...} or {"Regex": ...}; a plain text is a string. A regular expression must be one we can run.
Pattern read_pattern(const JsonFields& part);
/// A text of one character.
std::string read_character(const JsonFields& part, const char* key, const std::string& otherwise);
/// prepend_scheme, or add_prefix_space as older files have it, of a Metaspace.
PrependScheme read_scheme(const JsonFields& part);

std::vector<NormalizerStep> read_normalizer(const JsonFields& file);
PreTokenizerSpec read_pre_tokenizer(const JsonFields& file);
PostProcessorSpec read_post_processor(const JsonFields& file);
std::vector<DecoderStep> read_decoder(const JsonFields& file);

nlohmann::ordered_json pattern_json(const Pattern& pattern);
nlohmann::ordered_json scheme_json(PrependScheme scheme);
nlohmann::ordered_json byte_level_json(bool add_prefix_space, bool trim_offsets, bool use_regex);
/// One part by itself, several as a Sequence whose list is called `key`, none as null.
nlohmann::ordered_json sequence_json(nlohmann::ordered_json parts, const char* key);

nlohmann::ordered_json normalizer_json(const std::vector<NormalizerStep>& steps);
nlohmann::ordered_json pre_tokenizer_json(const PreTokenizerSpec& spec);
nlohmann::ordered_json decoder_json(const std::vector<DecoderStep>& steps);

}  // namespace gpt::text
