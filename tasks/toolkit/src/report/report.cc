#include "gptask/toolkit/report.h"

#include <fmt/format.h>

#include "report/html.h"
#include "run/baselines.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;

std::string section(const std::string& title, const std::string& content) {
  return content.empty() ? "" : fmt::format("<section><h2>{}</h2>{}</section>\n", html_escape(title), content);
}

/// The metrics and speeds a reader looks for first.
std::string tiles(const Report& report) {
  std::string html;
  const auto tile = [&](const std::string& name, const Json& value) {
    html +=
        fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>", html_escape(shown(value)), html_escape(name));
  };
  const auto& metrics = report.evaluation.metrics;
  if (const auto main = metrics.find(report.main_metric); main != metrics.end()) tile(report.main_metric, *main);
  if (const auto base = report.evaluation.baseline.find(report.main_metric); base != report.evaluation.baseline.end())
    tile(fmt::format("{} of {}", report.main_metric, report.evaluation.baseline.value("name", "the baseline")), *base);
  for (const auto& [name, value] : report.speed.items()) tile(name, value);
  return html.empty() ? "" : "<div class=\"tiles\">" + html + "</div>\n";
}

std::string curves(const Report& report) {
  if (report.curve.empty()) return "";
  Series loss{"training loss", "--loss", {}, {}}, rate{"learning rate", "--rate", {}, {}},
      norm{"gradient norm", "--norm", {}, {}};
  for (const gpt::StepRecord& record : report.curve) {
    const auto step = static_cast<double>(record.step);
    for (const auto& [series, value] :
         {std::pair(&loss, record.loss), {&rate, record.learning_rate}, {&norm, record.grad_norm}}) {
      series->x.push_back(step);
      series->y.push_back(value);
    }
  }
  Series evaluated{"evaluation loss", "--eval", {}, {}, true};
  for (const Json& entry : report.evaluations) {
    if (!entry.contains("eval_loss") || !entry.at("eval_loss").is_number()) continue;
    evaluated.x.push_back(entry.at("step").get<double>());
    evaluated.y.push_back(entry.at("eval_loss").get<double>());
  }
  return "<div class=\"charts\">" + line_chart("Loss by step", {loss, evaluated}, 900) +
         line_chart("Learning rate by step", {rate}, 450) +
         line_chart("Gradient norm by step, before clipping", {norm}, 450) + "</div>";
}

std::string metrics_table(const Report& report) {
  const gpt::Evaluation& evaluation = report.evaluation;
  if (evaluation.metrics.empty()) return "";
  const std::vector<Json> trivial = baselines(evaluation);
  std::string html = "<table><tr><th>metric</th><th class=\"n\">this model</th>";
  for (const Json& baseline : trivial)
    html += fmt::format("<th class=\"n\">{}</th>", html_escape(baseline.value("name", "baseline")));
  html += "</tr>";
  for (const auto& [name, value] : evaluation.metrics.items()) {
    html +=
        fmt::format("<tr><td>{}</td>{}", html_escape(name), number_cell(value, report.intervals.value(name, Json())));
    for (const Json& baseline : trivial) html += number_cell(baseline.value(name, Json()));
    html += "</tr>";
  }
  return html + "</table>";
}

std::string confusion(const Json& details) {
  if (!details.contains("confusion") || !details.contains("labels")) return "";
  const auto labels = details.at("labels").get<std::vector<std::string>>();
  constexpr std::size_t most = 60;
  if (labels.size() > most) return fmt::format("<p class=\"note\">{} labels are too many to draw.</p>", labels.size());
  return heat_map(labels, details.at("confusion")) + "<p class=\"note\">Darker: a larger share of the true label.</p>";
}

/// A table of records: a column a key of the first one, texts and numbers aligned as such.
std::string records_table(const Json& records) {
  if (!records.is_array() || records.empty()) return "";
  std::string html = "<table><tr>";
  for (const auto& [name, value] : records.front().items())
    html += fmt::format("<th{}>{}</th>", value.is_number() ? " class=\"n\"" : "", html_escape(name));
  html += "</tr>";
  for (const Json& record : records) {
    html += "<tr>";
    for (const auto& [name, value] : record.items())
      html +=
          value.is_number() ? number_cell(value) : fmt::format("<td class=\"t\">{}</td>", html_escape(shown(value)));
    html += "</tr>";
  }
  return html + "</table>";
}

std::string pairs_table(const Json& values) {
  if (values.empty()) return "";
  std::string html = "<table>";
  for (const auto& [name, value] : values.items())
    html += fmt::format("<tr><th>{}</th><td class=\"t\">{}</td></tr>", html_escape(name), html_escape(shown(value)));
  return html + "</table>";
}

}  // namespace

std::string html_report(const Report& report) {
  const Json& details = report.evaluation.details;
  std::string html = page_begin(report.title, report.subtitle);
  html += tiles(report);
  html += section("Training", curves(report));
  html += section(report.evaluated_on.empty() ? "Scores" : "Scores on " + report.evaluated_on, metrics_table(report));
  html += section("How the figures were made", pairs_table(details.value("signatures", Json::object())));
  html += section("Runs", records_table(report.runs));
  html += section("Confusion matrix", confusion(details));
  html += section("By label", records_table(details.value("per_label", Json::array())));
  html += section("Most confident mistakes", records_table(details.value("mistakes", Json::array())));
  html += section("Data", pairs_table(report.data));
  html += section("Settings", pairs_table(report.settings));
  return html + page_end;
}

}  // namespace gptask
