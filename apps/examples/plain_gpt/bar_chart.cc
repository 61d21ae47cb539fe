#include "bar_chart.h"

#include <fmt/format.h>

#include <algorithm>

namespace plain {
namespace {

constexpr double kLine = 22, kLabels = 130, kLongest = 380, kWidth = 600;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

}  // namespace

std::string bar_chart(const std::vector<Bar>& bars) {
  double largest = 1e-9;
  for (const Bar& bar : bars) largest = std::max(largest, bar.share);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" font-family=\"sans-serif\" "
      "font-size=\"13\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      kWidth, kLine * static_cast<double>(bars.size()) + 12);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const double top = 6 + kLine * static_cast<double>(i), width = kLongest * bars[i].share / largest;
    svg += fmt::format(
        "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" xml:space=\"preserve\">{}</text>"
        "<rect x=\"{}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"16\" fill=\"#3b6fb6\"/>"
        "<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"#444444\">{:.4f}</text>\n",
        kLabels, top + 14, escaped(bars[i].label), kLabels + 8, top + 2, width, kLabels + 14 + width, top + 14,
        bars[i].share);
  }
  return svg + "</svg>\n";
}

}  // namespace plain
