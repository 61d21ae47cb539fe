// The order of labels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gptask {

/// The whole text as a number.
bool parse_number(std::string_view text, double& value);

/// By number if all are numbers, else by code point.
void sort_labels(std::vector<std::string>& labels);

}  // namespace gptask
