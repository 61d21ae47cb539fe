#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "report/html.h"

namespace gptask {
namespace {

constexpr double height = 240, left = 58, right = 14, top = 10, bottom = 28;

struct Scale {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  double step = 1;

  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  /// Widens to round numbers about `ticks` apart.
  void round(int ticks) {
    if (!(low <= high)) low = 0, high = 1;
    if (high - low < 1e-12 * std::max(1.0, std::abs(high))) {
      high += std::max(1e-9, std::abs(high) * 0.5);
      low = std::min(low, 0.0);
    }
    const double rough = (high - low) / ticks;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    const double unit = rough / power;
    step = power * (unit <= 1 ? 1 : unit <= 2 ? 2 : unit <= 5 ? 5 : 10);
    low = std::floor(low / step) * step;
    high = std::ceil(high / step) * step;
  }
  double share(double value) const { return (value - low) / (high - low); }
};

/// At most `most` points: the mean of equal runs of neighbours.
Series thinned(const Series& series, std::size_t most) {
  Series result{series.name, series.color, {}, {}, series.points};
  const std::size_t run = std::max<std::size_t>(1, (series.x.size() + most - 1) / most);
  for (std::size_t begin = 0; begin < series.x.size(); begin += run) {
    double x = 0, y = 0, count = 0;
    for (std::size_t i = begin; i < std::min(begin + run, series.x.size()); ++i) {
      if (!std::isfinite(series.y[i])) continue;
      x += series.x[i];
      y += series.y[i];
      ++count;
    }
    if (count == 0) continue;
    result.x.push_back(x / count);
    result.y.push_back(y / count);
  }
  return result;
}

double x_at(const Scale& x, double width, double value) { return left + x.share(value) * (width - left - right); }
double y_at(const Scale& y, double value) { return height - bottom - y.share(value) * (height - top - bottom); }

std::string axes(const Scale& x, const Scale& y, double width) {
  std::string svg;
  const auto out = std::back_inserter(svg);
  for (double value = y.low; value <= y.high + y.step / 2; value += y.step) {
    fmt::format_to(out, "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", left, width - right,
                   y_at(y, value), y_at(y, value));
    fmt::format_to(out, "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:.4g}</text>", left - 6, y_at(y, value) + 4,
                   std::abs(value) < y.step / 1e6 ? 0.0 : value);
  }
  for (double value = x.low; value <= x.high + x.step / 2; value += x.step)
    fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:.6g}</text>", x_at(x, width, value),
                   height - 8, value);
  fmt::format_to(out, "<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>", left, width - right,
                 height - bottom, height - bottom);
  return svg;
}

std::string drawn(const Series& series, const Scale& x, const Scale& y, double width) {
  std::string svg;
  const auto out = std::back_inserter(svg);
  if (series.points || series.x.size() == 1) {
    for (std::size_t i = 0; i < series.x.size(); ++i)
      fmt::format_to(out, "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"var({})\"/>", x_at(x, width, series.x[i]),
                     y_at(y, series.y[i]), series.color);
    return svg;
  }
  fmt::format_to(out,
                 "<polyline fill=\"none\" stroke=\"var({})\" stroke-width=\"1.8\" stroke-linejoin=\"round\" points=\"",
                 series.color);
  for (std::size_t i = 0; i < series.x.size(); ++i)
    fmt::format_to(out, "{:.1f},{:.1f} ", x_at(x, width, series.x[i]), y_at(y, series.y[i]));
  return svg + "\"/>";
}

/// What is inside the svg element.
std::string plot(const std::vector<Series>& series, double width) {
  Scale x, y;
  std::vector<Series> thin;
  for (const Series& one : series) {
    thin.push_back(thinned(one, 400));
    for (const double value : thin.back().x) x.add(value);
    for (const double value : thin.back().y) y.add(value);
  }
  x.round(static_cast<int>(width) / 90);
  y.round(5);
  std::string svg = axes(x, y, width);
  for (const Series& one : thin) svg += drawn(one, x, y, width);
  return svg;
}

}  // namespace

std::string line_chart(const std::string& title, const std::vector<Series>& series, double width) {
  std::string legend;
  for (const Series& one : series)
    if (series.size() > 1 && !one.x.empty())
      legend += fmt::format(" &nbsp;<span style=\"color:var({})\">&#9632;</span> {}", one.color, html_escape(one.name));
  return fmt::format(
      "<figure><figcaption>{}{}</figcaption><svg viewBox=\"0 0 {} {}\" role=\"img\" "
      "aria-label=\"{}\">{}</svg></figure>",
      html_escape(title), legend, width, height, html_escape(title), plot(series, width));
}

std::string line_picture(const std::string& title, const std::vector<Series>& series, double width) {
  constexpr double head = 24;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\">"
      "<style>{}svg{{background:var(--card);font-family:system-ui,sans-serif}}</style>"
      "<text x=\"{}\" y=\"17\">{}</text><g transform=\"translate(0,{})\">{}</g></svg>\n",
      width, height + head, width, height + head, style_sheet(), left, html_escape(title), head, plot(series, width));
}

std::string heat_map(const std::vector<std::string>& labels, const nlohmann::ordered_json& counts) {
  std::string html = "<table class=\"matrix\"><tr><th>true &#8595; / predicted &#8594;</th>";
  for (const std::string& label : labels) html += fmt::format("<th>{}</th>", html_escape(label));
  html += "</tr>";
  for (std::size_t i = 0; i < labels.size() && i < counts.size(); ++i) {
    double total = 0;
    for (const auto& count : counts[i]) total += count.get<double>();
    html += fmt::format("<tr><th>{}</th>", html_escape(labels[i]));
    for (const auto& count : counts[i]) {
      const double share = total > 0 ? count.get<double>() / total : 0;
      html += fmt::format("<td style=\"background:rgba(var(--heat),{:.2f})\" title=\"{:.1f} % of the row\">{}</td>",
                          0.06 + 0.7 * share, 100 * share, html_escape(shown(count)));
    }
    html += "</tr>";
  }
  return html + "</table>";
}

}  // namespace gptask
