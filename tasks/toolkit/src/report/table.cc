#include <fmt/format.h>

#include <algorithm>

#include "gpt/core/version.h"
#include "gptask/toolkit/evaluation_table.h"
#include "gptask/toolkit/utf8.h"
#include "report/html.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t columns_at_once = 4, widest_name = 32;

std::string number(const Json& value) {
  if (value.is_number_integer()) return value.dump();
  return value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : std::string("-");
}

const Json& interval_of(const SystemScores& scores, const std::string& metric) {
  static const Json none;
  const auto found = scores.intervals.find(metric);
  return found == scores.intervals.end() ? none : *found;
}

/// "0.8465 [0.8310, 0.8622]"
std::string figure(const SystemScores& scores, const std::string& metric) {
  const auto value = scores.metrics.find(metric);
  if (value == scores.metrics.end()) return "";
  const Json& interval = interval_of(scores, metric);
  if (!interval.is_array()) return number(*value);
  return fmt::format("{} [{}, {}]", number(*value), number(interval[0]), number(interval[1]));
}

/// Of a long path its last part, or the end of that; of a long sentence the beginning.
std::string short_name(const std::string& name) {
  if (name.size() <= widest_name) return name;
  if (name.find(' ') != std::string::npos) return name.substr(0, utf8_cut(name, widest_name - 3)) + "...";
  std::size_t begin = name.rfind('/', name.size() - 2) + 1;
  if (name.size() - begin <= widest_name) return name.substr(begin);
  begin = name.size() - widest_name + 3;
  while (begin < name.size() && (static_cast<unsigned char>(name[begin]) & 0xC0) == 0x80) ++begin;
  return "..." + name.substr(begin);
}

std::vector<std::string> files_of(const EvaluationTable& table) {
  std::vector<std::string> files;
  for (const SystemScores& scores : table.systems)
    if (std::find(files.begin(), files.end(), scores.file) == files.end()) files.push_back(scores.file);
  return files;
}

std::vector<const SystemScores*> systems_on(const EvaluationTable& table, const std::string& file) {
  std::vector<const SystemScores*> systems;
  for (const SystemScores& scores : table.systems)
    if (scores.file == file) systems.push_back(&scores);
  return systems;
}

/// Names in the order in which they appear, of metrics or of speeds.
std::vector<std::string> names_of(const std::vector<const SystemScores*>& systems, Json SystemScores::*part) {
  std::vector<std::string> names;
  for (const SystemScores* scores : systems)
    for (const auto& [name, value] : (scores->*part).items())
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

/// Lines of cells, each column as wide as its widest cell.
std::string aligned(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths.resize(std::max(widths.size(), i + 1));
      widths[i] = std::max(widths[i], line[i].size());
    }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) row += fmt::format("  {:<{}}", line[i], widths[i]);
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

std::string block(const std::vector<const SystemScores*>& all, std::size_t begin) {
  const std::size_t end = std::min(begin + columns_at_once, all.size());
  const std::vector<const SystemScores*> systems(all.begin() + static_cast<std::ptrdiff_t>(begin),
                                                 all.begin() + static_cast<std::ptrdiff_t>(end));
  std::vector<std::vector<std::string>> lines(1, {""});
  for (const SystemScores* scores : systems) lines[0].push_back(short_name(scores->system));
  for (const std::string& metric : names_of(systems, &SystemScores::metrics)) {
    lines.push_back({metric});
    for (const SystemScores* scores : systems) lines.back().push_back(figure(*scores, metric));
  }
  for (const std::string& name : names_of(systems, &SystemScores::speed)) {
    lines.push_back({name});
    for (const SystemScores* scores : systems) lines.back().push_back(shown(scores->speed.value(name, Json())));
  }
  return aligned(lines);
}

std::string comparison_text(const Comparison& comparison) {
  std::string text = fmt::format("\n{} against {} on {} ({})\n", short_name(comparison.second),
                                 short_name(comparison.first), comparison.file, comparison.test);
  std::vector<std::vector<std::string>> lines = {{"", "difference", "95 % interval", "p"}};
  for (const auto& [name, value] : comparison.metrics.items()) {
    const Json& interval = value.at("interval");
    lines.push_back({name, fmt::format("{:+.4f}", value.at("difference").get<double>()),
                     interval.is_array() ? fmt::format("[{}, {}]", number(interval[0]), number(interval[1])) : "",
                     number(value.at("p_value"))});
  }
  return text + aligned(lines);
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_number(const Json& value) { return value.is_number() ? value.dump() : std::string(); }

std::string html_systems(const std::vector<const SystemScores*>& systems) {
  const std::vector<std::string> metrics = names_of(systems, &SystemScores::metrics);
  const std::vector<std::string> speeds = names_of(systems, &SystemScores::speed);
  std::string html = "<table><tr><th>system</th>";
  for (const auto& names : {metrics, speeds})
    for (const std::string& name : names) html += fmt::format("<th class=\"n\">{}</th>", html_escape(name));
  html += "</tr>";
  for (const SystemScores* scores : systems) {
    html += fmt::format("<tr><td class=\"t\">{}{}</td>", html_escape(scores->system),
                        scores->baseline ? " <span class=\"note\">trivial answer</span>" : "");
    for (const std::string& metric : metrics)
      html += number_cell(scores->metrics.value(metric, Json()), interval_of(*scores, metric));
    for (const std::string& name : speeds) html += number_cell(scores->speed.value(name, Json()));
    html += "</tr>";
  }
  return html + "</table>";
}

std::string html_comparison(const Comparison& comparison) {
  std::string html = fmt::format(
      "<section><h2>{} against {}</h2><p class=\"sub\">{}; {}</p><table><tr><th>metric</th><th class=\"n\">difference"
      "</th><th class=\"n\">95 % interval</th><th class=\"n\">p</th></tr>",
      html_escape(comparison.second), html_escape(comparison.first), html_escape(comparison.file),
      html_escape(comparison.test));
  for (const auto& [name, value] : comparison.metrics.items()) {
    const Json& interval = value.at("interval");
    html += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                        html_escape(name), shown(value.at("difference")),
                        interval.is_array() ? fmt::format("{} to {}", shown(interval[0]), shown(interval[1])) : "",
                        shown(value.at("p_value")));
  }
  return html + "</table></section>\n";
}

}  // namespace

std::string table_text(const EvaluationTable& table) {
  std::string text;
  for (const std::string& file : files_of(table)) {
    const auto systems = systems_on(table, file);
    text += fmt::format("{}{} ({} rows)\n", text.empty() ? "" : "\n", file, systems[0]->rows);
    for (std::size_t begin = 0; begin < systems.size(); begin += columns_at_once) text += block(systems, begin);
  }
  for (const Comparison& comparison : table.comparisons) text += comparison_text(comparison);
  if (!table.notes.empty()) text += "\n";
  for (const auto& [name, value] : table.notes.items()) text += fmt::format("{}: {}\n", name, shown(value));
  return text;
}

std::string table_csv(const EvaluationTable& table) {
  std::string csv = "file,system,baseline,rows,metric,value,low,high\n";
  for (const SystemScores& scores : table.systems) {
    const std::string head = fmt::format("{},{},{},{}", csv_field(scores.file), csv_field(scores.system),
                                         scores.baseline ? "yes" : "no", scores.rows);
    for (const Json* part : {&scores.metrics, &scores.speed})
      for (const auto& [name, value] : part->items()) {
        const Json& interval = interval_of(scores, name);
        csv += fmt::format("{},{},{},{},{}\n", head, csv_field(name), csv_number(value),
                           interval.is_array() ? csv_number(interval[0]) : "",
                           interval.is_array() ? csv_number(interval[1]) : "");
      }
  }
  return csv;
}

Json table_json(const EvaluationTable& table) {
  Json json{{"main_metric", table.main_metric}, {"systems", Json::array()}};
  for (const SystemScores& scores : table.systems)
    json["systems"].push_back({{"system", scores.system},
                               {"file", scores.file},
                               {"baseline", scores.baseline},
                               {"rows", scores.rows},
                               {"metrics", scores.metrics},
                               {"intervals", scores.intervals},
                               {"speed", scores.speed}});
  json["comparisons"] = Json::array();
  for (const Comparison& comparison : table.comparisons)
    json["comparisons"].push_back({{"first", comparison.first},
                                   {"second", comparison.second},
                                   {"file", comparison.file},
                                   {"test", comparison.test},
                                   {"metrics", comparison.metrics}});
  json["notes"] = table.notes;
  return json;
}

std::string table_html(const EvaluationTable& table) {
  std::string html = page_begin(table.title, "Figures with 95 % bootstrap intervals");
  for (const std::string& file : files_of(table)) {
    const auto systems = systems_on(table, file);
    html += fmt::format("<section><h2>{} ({} rows)</h2>{}</section>\n", html_escape(file), systems[0]->rows,
                        html_systems(systems));
  }
  for (const Comparison& comparison : table.comparisons) html += html_comparison(comparison);
  std::string notes;
  for (const auto& [name, value] : table.notes.items())
    notes += fmt::format("<tr><th>{}</th><td class=\"t\">{}</td></tr>", html_escape(name), html_escape(shown(value)));
  if (!notes.empty()) html += "<section><h2>How</h2><table>" + notes + "</table></section>\n";
  return html + page_end;
}

}  // namespace gptask
