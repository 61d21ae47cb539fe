// SentencePiece's BPE models (Kudo and Richardson, "SentencePiece", EMNLP 2018) as the parts of a tokenizer.json.
#pragma once

#include <cstdint>
#include <vector>

#include "text/spec.h"

namespace gpt::text {

/// Bytes of a token; SentencePiece's own limit is 512 characters, its default 16.
inline constexpr std::size_t kLongestPiece = 2048;

/// Fills in what follows from the tokens of spec.model and their scores and types (1 normal, 2 unknown, 3 control,
/// 4 the user's, 5 unused, 6 byte): the merges, spaces written as U+2581, one in front of the text if `prefix`, bytes
/// for what has no token. Merges are ordered as Transformers converts such models: by score, then the longer left part
/// first.
void add_sentencepiece_parts(const std::vector<double>& scores, const std::vector<std::int64_t>& types, bool prefix,
                             TokenizerSpec& spec);

}  // namespace gpt::text
