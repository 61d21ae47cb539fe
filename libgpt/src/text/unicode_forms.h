// The normalization forms of Unicode (Unicode Standard Annex #15), aligned with the text before.
#pragma once

#include "text/piece.h"
#include "text/spec.h"

namespace gpt::text {

/// Whether the text is in the form already (quick, and right when it says yes).
bool has_form(NormalizerStep::Kind form, std::string_view text);

/// The text in the form. Error unsupported if ICU lacks its tables.
ChangedText to_form(NormalizerStep::Kind form, const Piece& piece, bool aligned);

}  // namespace gpt::text
