#include "report/html.h"

#include <fmt/format.h>

#include "gpt/core/version.h"
#include "gptask/toolkit/utf8.h"

namespace gptask {
namespace {

constexpr const char* replacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

std::string html_escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size() + text.size() / 8);
  std::size_t bad = find_bad_utf8(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == bad) {
      escaped += replacement;
      const std::size_t next = find_bad_utf8(text.substr(i + 1));
      bad = next == std::string_view::npos ? next : i + 1 + next;
      continue;
    }
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default: {
        const bool control = (c >= 0 && c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
        if (control)
          escaped += replacement;
        else
          escaped += c;
      }
    }
  }
  return escaped;
}

std::string shown(const nlohmann::ordered_json& value) {
  if (value.is_null()) return "";
  if (value.is_number_float()) return fmt::format("{:.4g}", value.get<double>());
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    std::string text;
    for (const auto& item : value) text += (text.empty() ? "" : ", ") + shown(item);
    return text;
  }
  if (value.is_object()) {
    std::string text;
    for (const auto& [name, item] : value.items())
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, shown(item));
    return text;
  }
  return value.dump();
}

std::string number_cell(const nlohmann::ordered_json& value, const nlohmann::ordered_json& interval) {
  std::string html = fmt::format("<td class=\"n\">{}", html_escape(shown(value)));
  if (interval.is_array() && interval.size() == 2)
    html += fmt::format("<br><span class=\"note\">{} to {}</span>", shown(interval[0]), shown(interval[1]));
  return html + "</td>";
}

std::string page_begin(std::string_view title, std::string_view subtitle) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>{0}</title><style>{1}</style></head>"
      "<body><main>\n<h1>{0}</h1><p class=\"sub\">{2} &middot; gptask {3}</p>\n",
      html_escape(title), style_sheet(), html_escape(subtitle), GPTASK_VERSION);
}

}  // namespace gptask
