// Shares as a picture.
#pragma once

#include <string>
#include <vector>

namespace plain {

struct Bar {
  std::string label;
  double share;  ///< 0 to 1
};

/// An SVG image, a bar a line, the longest over the whole width.
std::string bar_chart(const std::vector<Bar>& bars);

}  // namespace plain
