// report.html: everything from files is escaped, and nothing comes from elsewhere.
#include "gptask/toolkit/report.h"

#include <limits>

#include "support/catch.h"

using gptask::html_report;
using gptask::Report;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("hostile text stays text in a report", "[tasks][report]") {
  const std::string hostile = "<script>alert('x')</script>\"&\xFF\x01";
  Report report;
  report.title = hostile;
  report.evaluated_on = hostile;
  report.main_metric = "accuracy";
  report.evaluation.metrics = {{"accuracy", 0.5}, {hostile, 1.0}};
  report.evaluation.baseline = {{"name", hostile}, {"accuracy", 0.25}};
  report.evaluation.details = {{"labels", {hostile, "b"}}, {"confusion", {{1, 2}, {3, 4}}}};
  report.evaluation.details["mistakes"].push_back({{"row", 1}, {"text", hostile}, {"probability", 0.9}});
  report.settings[hostile] = hostile;
  const std::string html = html_report(report);
  CHECK(count(html, "<script") == 0);
  CHECK(count(html, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;\xEF\xBF\xBD\xEF\xBF\xBD") >= 8);
  CHECK(count(html, "\xFF") == 0);
  CHECK(count(html, "http") == 0);
}

TEST_CASE("a report draws what there is", "[tasks][report]") {
  Report report;
  report.title = "run";
  CHECK(count(html_report(report), "<svg") == 0);
  report.curve = {
      {1, 0.1, 0.7, 1e-3, 2.0}, {2, 0.2, std::numeric_limits<double>::quiet_NaN(), 5e-4, 1.0}, {3, 0.3, 0.6, 0, 0}};
  report.evaluations.push_back({{"step", 2}, {"eval_loss", 0.65}});
  const std::string html = html_report(report);
  CHECK(count(html, "<svg") == 3);
  CHECK(count(html, "<polyline") == 3);
  CHECK(count(html, "<circle") == 1);
  CHECK(count(html, "nan") == 0);
  report.curve.resize(1);
  CHECK(count(html_report(report), "<circle") == 4);
}
