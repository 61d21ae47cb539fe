// Writes a tokenizer: tokenizer.json from its parts, and the configuration beside it.
#pragma once

#include <string>

#include "text/spec.h"

namespace gpt::text {

/// The tokenizer.json text that the parts make, always the same for the same parts: compact, keys in the order the
/// tokenizers library writes.
std::string canonical_json(const TokenizerSpec& spec);

/// tokenizer_config.json: what was beside the source, else one for PreTrainedTokenizerFast.
std::string config_json(const TokenizerSpec& spec);

}  // namespace gpt::text
