// Whether training gives the same bits on one thread and on several, tried out on this machine.
#pragma once

#include <nlohmann/json.hpp>

#include "gptask/toolkit/observer.h"
#include "gptask/toolkit/request.h"

namespace gptask {

struct DeterminismCheck {
  bool equal = false;
  nlohmann::ordered_json details;  ///< threads, steps, and of each run its losses and a hash of the trained weights
};

/// Takes the first three steps of the run on 1, 2 and 7 threads, and on request.threads where that is another number;
/// writes nothing. Errors: what reading and training throw.
DeterminismCheck check_determinism(const FinetuneRequest& request, Observer& observer);

}  // namespace gptask
