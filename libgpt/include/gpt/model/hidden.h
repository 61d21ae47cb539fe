// What the decoder hands to a head.
#pragma once

#include "gpt/ops/variable.h"

namespace gpt {

/// [tokens, hidden] after the final norm.
struct Hidden {
  Variable states;
};

}  // namespace gpt
