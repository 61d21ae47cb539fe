// Stage 1: changes of the text before it is cut: Unicode forms, lower case, replacements.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "text/piece.h"
#include "text/regex.h"
#include "text/spec.h"

namespace gpt::text {

/// Immutable; may be used from any number of threads. Characters are aligned with the original as the tokenizers
/// library does: a composed character keeps the place of its first part, what is added that of the character before.
class Normalizer {
 public:
  explicit Normalizer(const std::vector<NormalizerStep>& steps);

  bool empty() const { return steps_.empty(); }
  /// The piece in its new form: it points into `storage` if something changed (nearly never for Unicode forms), else it
  /// is the piece given. `aligned`: with the way back to the original. Error unsupported if it grows beyond all
  /// measure.
  Piece apply(const Piece& piece, bool aligned, ChangedText& storage) const;
  /// The same for a token's content, without alignment.
  std::string apply(const std::string& text) const;

 private:
  struct Step {
    NormalizerStep spec;
    std::vector<Matcher> matcher;  ///< one, of replace

    std::optional<ChangedText> apply(const Piece& piece, bool aligned, std::size_t most) const;
  };
  std::vector<Step> steps_;
};

}  // namespace gpt::text
