// Where a pattern was found in a text, and what becomes of it.
#pragma once

#include <cstddef>
#include <vector>

#include "text/spec.h"

namespace gpt::text {

/// A match, or a stretch between two. Lists of them cover a text.
struct Match {
  std::size_t begin = 0, end = 0;
  bool is_match = false;
  friend bool operator==(const Match&, const Match&) = default;
};

/// Turns matches into words: joins and drops them as the behavior says (tokenizers library,
/// SplitDelimiterBehavior). Empty ones go.
void apply_behavior(Behavior behavior, bool invert, std::vector<Match>& matches);

}  // namespace gpt::text
