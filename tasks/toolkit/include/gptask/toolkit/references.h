// References of a corpus: one or more for each segment.
#pragma once

#include <string>
#include <vector>

namespace gptask {

/// [segment][reference]; the numbers of references may differ.
using References = std::vector<std::vector<std::string>>;

}  // namespace gptask
