// Every operation twice: as the formulas say and as libgpt computes it, on the same numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "matrix.h"

namespace plain {

struct Line {
  std::string name;
  Matrix formula;
  Matrix libgpt = {};  ///< empty for an input
};
using Comparison = std::vector<Line>;

/// Numbers to compute with: random ones of two decimals.
struct Numbers {
  std::size_t tokens = 2, width = 4;  ///< width even
  std::uint64_t seed = 1;
  Matrix matrix(std::size_t rows, std::size_t columns);
};

/// The operations by name, in the guide's order.
std::vector<std::string> operation_names();
/// Error invalid_option for a name that is none of them.
Comparison compare(const std::string& operation, Numbers numbers);
/// The largest difference between formula and libgpt, relative where values are above 1.
double difference(const Comparison& comparison);

}  // namespace plain
