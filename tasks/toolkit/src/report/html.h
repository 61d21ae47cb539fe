// Pieces of HTML and SVG.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gpt/train/trainer.h"

namespace gptask {

/// Text for element content and quoted attributes: & < > " ' escaped, control characters and bytes that are not UTF-8
/// replaced.
std::string html_escape(std::string_view text);

/// A JSON value as a person reads it, not escaped: numbers with four significant digits, strings as they are.
std::string shown(const nlohmann::ordered_json& value);

/// A table cell with a number and, if it is [low, high], its 95 % interval.
std::string number_cell(const nlohmann::ordered_json& value, const nlohmann::ordered_json& interval = {});

struct Series {
  std::string name, color;  ///< color: a CSS variable, "--loss"
  std::vector<double> x, y;
  bool points = false;  ///< dots instead of a line
};

/// An SVG line chart with axes, `width` units wide and 240 high. Values that are not finite are left out.
std::string line_chart(const std::string& title, const std::vector<Series>& series, double width);

/// The same as an SVG file that stands alone.
std::string line_picture(const std::string& title, const std::vector<Series>& series, double width);

/// A confusion matrix [true][predicted] as a heat map; shades by the share of the row.
std::string heat_map(const std::vector<std::string>& labels, const nlohmann::ordered_json& counts);

/// A page up to its first section, and what closes it.
std::string page_begin(std::string_view title, std::string_view subtitle);
constexpr const char* page_end = "</main></body></html>\n";

/// The style sheet of the report: light and dark.
std::string_view style_sheet() noexcept;

}  // namespace gptask
