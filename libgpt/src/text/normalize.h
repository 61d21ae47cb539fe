// Stage 1: Unicode normalization.
#pragma once

#include <optional>

#include "text/piece.h"
#include "text/spec.h"

namespace gpt::text {

/// The text in the wanted form; nullopt where it already is (nearly always). Characters are aligned as the tokenizers
/// library does: a composed character keeps the place of its first part, what decomposition adds that of the character
/// before.
std::optional<ChangedText> normalize(Normalization form, const Piece& piece);

/// The same for a token's content, without alignment.
std::string normalized(Normalization form, std::string_view text);

}  // namespace gpt::text
