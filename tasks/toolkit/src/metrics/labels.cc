#include "gptask/toolkit/labels.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gptask {

bool parse_number(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

void sort_labels(std::vector<std::string>& labels) {
  double value = 0;
  std::sort(labels.begin(), labels.end());
  if (!std::all_of(labels.begin(), labels.end(), [&](const auto& label) { return parse_number(label, value); })) return;
  std::stable_sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) {
    double x = 0, y = 0;
    parse_number(a, x);
    parse_number(b, y);
    return x < y;
  });
}

}  // namespace gptask
