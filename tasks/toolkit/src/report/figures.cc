#include "gptask/toolkit/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "gptask/toolkit/utf8.h"
#include "report/html.h"

namespace gptask {
namespace {

constexpr double kMargin = 12, kTitle = 30, kLetter = 6.6;  // units; a letter of 11 units is about so wide
constexpr std::size_t kFewTokens = 60;                      // so many can be labelled

std::string begin(double width, double height, const std::string& title) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"11\" role=\"img\">\n<title>{2}</title>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<text x=\"{3}\" y=\"20\" font-size=\"14\" fill=\"#1a1a1a\">{2}</text>\n",
      width, height, html_escape(title), kMargin);
}

double label_width(const std::vector<std::string>& labels) {
  std::size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, utf8_length(label));
  return kLetter * static_cast<double>(longest) + 8;
}

void draw_map(std::string& svg, const AttentionMap& map, std::size_t tokens, double x, double y, double cell) {
  const auto out = std::back_inserter(svg);
  const double side = cell * static_cast<double>(tokens);
  fmt::format_to(out,
                 "<g transform=\"translate({:.1f},{:.1f})\"><rect width=\"{:.1f}\" height=\"{:.1f}\" "
                 "fill=\"#f4f6f8\"/>\n",
                 x, y, side, side);
  for (std::size_t row = 0; row < tokens; ++row)
    for (std::size_t column = 0; column <= row; ++column) {
      const float weight = map.weights[row * tokens + column];
      if (!(weight >= 0.004F)) continue;  // too pale to be seen
      fmt::format_to(out,
                     "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"#0b5394\" "
                     "fill-opacity=\"{:.2f}\"/>\n",
                     static_cast<double>(column) * cell, static_cast<double>(row) * cell, cell, cell, weight);
    }
  svg += "</g>\n";
}

void draw_labels(std::string& svg, const std::vector<std::string>& tokens, double x, double y, double cell) {
  const auto out = std::back_inserter(svg);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * cell;
    const std::string label = html_escape(tokens[i]);
    fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\" fill=\"#1a1a1a\">{}</text>\n", x - 5,
                   y + middle + 4, label);
    fmt::format_to(out, "<text transform=\"translate({:.1f},{:.1f}) rotate(-90)\" fill=\"#1a1a1a\">{}</text>\n",
                   x + middle + 4, y - 5, label);
  }
}

}  // namespace

std::string token_label(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ')
      out += "\xC2\xB7";  // middle dot
    else if (c == '\n')
      out += "\xE2\x86\xB5";  // return arrow
    else if (c == '\t')
      out += "\xE2\x86\x92";  // arrow
    else
      out += c;
  }
  return out;
}

std::string attention_figure(const std::string& title, const std::vector<std::string>& tokens,
                             std::span<const AttentionMap> maps) {
  const auto count = static_cast<double>(tokens.size());
  if (maps.size() == 1) {
    const bool labelled = tokens.size() <= kFewTokens;
    const double cell = labelled ? 18 : std::max(2.0, 800 / count), room = labelled ? label_width(tokens) : 0;
    const double side = cell * count, x = kMargin + room, y = kTitle + room;
    std::string svg = begin(std::max(x + side + kMargin, 420.0), y + side + kMargin, title);
    draw_map(svg, maps[0], tokens.size(), x, y, cell);
    if (labelled) draw_labels(svg, tokens, x, y, cell);
    return svg + "</svg>\n";
  }
  const auto columns = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(maps.size()))));
  const std::size_t rows = (maps.size() + columns - 1) / columns;
  const double cell = std::clamp(180 / count, 1.0, 12.0), side = cell * count, step = side + 2 * kMargin, head = 18;
  const double width = kMargin + step * static_cast<double>(columns);
  std::string svg = begin(std::max(width, 420.0), kTitle + (step + head) * static_cast<double>(rows), title);
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const double x = kMargin + step * static_cast<double>(i % columns),
                 y = kTitle + head + (step + head) * static_cast<double>(i / columns);
    fmt::format_to(std::back_inserter(svg), "<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"#1a1a1a\">{}</text>\n", x, y - 5,
                   html_escape(maps[i].title));
    draw_map(svg, maps[i], tokens.size(), x, y, cell);
  }
  return svg + "</svg>\n";
}

std::string distribution_figure(const std::string& title,
                                const std::vector<std::pair<std::string, double>>& probabilities) {
  std::vector<std::string> labels;
  double most = 1e-9;
  for (const auto& [label, probability] : probabilities) {
    labels.push_back(label);
    most = std::max(most, probability);
  }
  constexpr double bar = 360, line = 20;
  const double x = kMargin + label_width(labels);
  std::string svg =
      begin(std::max(x + bar + 70, 420.0), kTitle + line * static_cast<double>(labels.size()) + kMargin, title);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double y = kTitle + line * static_cast<double>(i), width = bar * probabilities[i].second / most;
    fmt::format_to(std::back_inserter(svg),
                   "<text x=\"{0:.1f}\" y=\"{1:.1f}\" text-anchor=\"end\" fill=\"#1a1a1a\">{2}</text>"
                   "<rect x=\"{3:.1f}\" y=\"{4:.1f}\" width=\"{5:.1f}\" height=\"14\" fill=\"#0b5394\"/>"
                   "<text x=\"{6:.1f}\" y=\"{1:.1f}\" fill=\"#1a1a1a\">{7:.4f}</text>\n",
                   x - 5, y + 14, html_escape(labels[i]), x, y + 3, width, x + width + 6, probabilities[i].second);
  }
  return svg + "</svg>\n";
}

}  // namespace gptask
