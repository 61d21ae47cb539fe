// What the decoder hands to a head.
#pragma once

#include "gpt/ops/variable.h"

namespace gpt {

/// Which rows of the final states are asked for: of every token, or of each sequence's last one alone. The last block
/// goes on with those alone once its tokens have looked at each other.
enum class StateRows { every, last };

/// After the final norm: [tokens, hidden], or [sequences, hidden] where the last rows were asked for.
struct Hidden {
  Variable states;
};

}  // namespace gpt
