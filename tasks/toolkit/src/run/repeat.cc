#include "gptask/toolkit/repeat.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "gpt/core/error.h"
#include "gpt/io/atomic_file.h"
#include "gpt/io/json.h"
#include "gptask/toolkit/report.h"
#include "gptask/toolkit/run_folder.h"
#include "run/finetune_part.h"
#include "run/inputs.h"
#include "run/results.h"

namespace gptask {
namespace {

namespace fs = std::filesystem;

struct Part {
  std::string name;
  FinetuneRequest request;
};

std::vector<Part> parts_of(const FinetuneRequest& request, const std::vector<std::uint64_t>& seeds) {
  const std::set<std::uint64_t> different(seeds.begin(), seeds.end());
  if (different.size() < seeds.size()) gpt::fail(gpt::ErrorCode::invalid_option, "--seeds names one seed twice");
  if (!seeds.empty() && request.folds > 0)
    gpt::fail(gpt::ErrorCode::invalid_option, "--seeds and --folds exclude each other; drop one");
  if (seeds.size() < 2 && request.folds == 0)
    gpt::fail(gpt::ErrorCode::invalid_option, "--seeds needs two seeds or more: --seeds 0 1 2");
  std::vector<Part> parts;
  for (const std::uint64_t seed : seeds) {
    parts.push_back({fmt::format("seed-{}", seed), request});
    parts.back().request.train.seed = seed;
  }
  for (std::int64_t fold = 0; fold < request.folds; ++fold) {
    parts.push_back({fmt::format("fold-{}", fold + 1), request});
    parts.back().request.fold = fold;
  }
  for (Part& part : parts) {
    part.request.output_dir = request.output_dir / part.name;
    part.request.checkpoint.clear();
  }
  return parts;
}

/// Whether a number of a run's results says how good it is, rather than how fast or large.
bool is_score(const std::string& name) {
  static const std::set<std::string> others{"eval_runtime", "eval_samples", "eval_samples_per_second",
                                            "eval_steps_per_second"};
  return name == "train_loss" ||
         (name.rfind("eval_", 0) == 0 && name.rfind("eval_baseline", 0) != 0 && others.count(name) == 0);
}

/// The field of all_results.json that a trivial answer's figure belongs to, "baseline" or "baseline2", and the score it
/// stands beside: eval_baseline2_bleu belongs to baseline2, beside eval_bleu.
std::optional<std::pair<std::string, std::string>> baseline_place(const std::string& name) {
  constexpr std::string_view prefix = "eval_";
  if (name.rfind("eval_baseline", 0) != 0) return std::nullopt;
  const std::size_t end = name.find('_', prefix.size());
  return std::pair(name.substr(prefix.size(), end - prefix.size()), std::string(prefix) + name.substr(end + 1));
}

/// Of each score that every run has: "mean" and "std", its mean and sample standard deviation; "baseline", "baseline2",
/// ...: means of the trivial answers.
Json summary_of(const Json& runs) {
  Json summary{{"mean", Json::object()}, {"std", Json::object()}, {"baseline", Json::object()}};
  const auto values = [&](const std::string& name) {
    std::vector<double> found;
    for (const Json& run : runs)
      if (const auto value = run.find(name); value != run.end() && value->is_number())
        found.push_back(value->get<double>());
    return found;
  };
  const auto mean_of = [](const std::vector<double>& all) {
    double sum = 0;
    for (const double value : all) sum += value;
    return sum / static_cast<double>(all.size());
  };
  for (const auto& [name, value] : runs.front().items()) {
    const auto place = baseline_place(name);
    const std::vector<double> all = values(name);
    if (all.size() != runs.size() || !(is_score(name) || place)) continue;
    const double mean = mean_of(all);
    if (place) {
      summary[place->first][place->second] = mean;
      continue;
    }
    double squares = 0;
    for (const double one : all) squares += (one - mean) * (one - mean);
    summary["mean"][name] = mean;
    summary["std"][name] = std::sqrt(squares / static_cast<double>(all.size() - 1));
  }
  return summary;
}

Report make_report(const FinetuneRequest& request, const Json& results) {
  Report report;
  report.title = fmt::format("{}: {}", request.task.name, request.output_dir.filename().string());
  const Json& runs = results.at("runs");
  report.subtitle = fmt::format("{} runs: mean and sample standard deviation", runs.size());
  for (const auto& [name, mean] : results.at("mean").items()) {
    const std::string metric = name.rfind("eval_", 0) == 0 ? name.substr(5) : name;
    report.evaluation.metrics[metric] =
        fmt::format("{:.4f} \u00b1 {:.4f}", mean.get<double>(), results.at("std").at(name).get<double>());
    if (results.at("baseline").contains(name)) report.evaluation.baseline[metric] = results.at("baseline").at(name);
  }
  if (!report.evaluation.baseline.empty())
    report.evaluation.baseline["name"] = runs.front().value("eval_baseline_name", "baseline");
  report.runs = Json::array();
  for (const Json& run : runs) {
    Json row{{"run", run.at("run")}};
    for (const auto& [name, value] : run.items())
      if (value.is_number() && is_score(name)) row[name] = value;
    report.runs.push_back(std::move(row));
  }
  report.settings = requested(request);
  return report;
}

/// Done before: its results. Else runs or resumes it; no value if stopped.
std::optional<Json> run_part(const Part& part, bool resume, Observer& observer,
                             const std::function<void()>& before_claim) {
  const fs::path& folder = part.request.output_dir;
  if (resume && fs::exists(folder / "gptask.json"))
    return Json::parse(gpt::read_json_file(folder / "all_results.json").dump());
  FinetuneRequest request = part.request;
  request.resume = resume && fs::exists(folder);
  FinetuneResult result = finetune_part(request, observer, before_claim);
  if (result.stopped) return std::nullopt;
  return std::move(result.results);
}

}  // namespace

RepeatResult finetune_repeatedly(const FinetuneRequest& request, const std::vector<std::uint64_t>& seeds,
                                 Observer& observer) {
  const std::vector<Part> parts = parts_of(request, seeds);
  for (const Part& part : parts) check(part.request);
  RunFolder folder(request.output_dir, RunKind::repeat, existing(request.resume, request.overwrite));
  Json fingerprint = requested(request);
  if (!seeds.empty()) fingerprint["seeds"] = seeds;
  if (request.resume && folder.holds_run()) folder.check_same_run(fingerprint);
  // Not before the first part has read its files: one that fails leaves the folder as it was.
  bool claimed = false;
  const auto claim = [&] {
    if (!std::exchange(claimed, true)) folder.claim(fingerprint);
  };

  RepeatResult result;
  result.results = {{"runs", Json::array()}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    observer.stage(fmt::format("{} ({} of {})", parts[i].name, i + 1, parts.size()));
    std::optional<Json> one = run_part(parts[i], request.resume, observer, claim);
    if (!one) {
      result.stopped = true;
      return result;
    }
    Json row{{"run", parts[i].name}};
    row.update(*one);
    result.results["runs"].push_back(std::move(row));
  }
  result.results.update(summary_of(result.results.at("runs")));
  result.report = folder.path() / "report.html";
  gpt::write_file_atomically(result.report, html_report(make_report(request, result.results)));
  write_json(folder.path() / "all_results.json", result.results);
  return result;
}

std::string repeat_table(const Json& results) {
  std::vector<std::string> columns;
  for (const auto& [name, value] : results.at("mean").items()) columns.push_back(name);
  const auto line = [&](const std::string& name, const auto& cell) {
    std::string text = fmt::format("{:<10}", name);
    for (const std::string& column : columns) text += fmt::format("  {:>{}}", cell(column), column.size());
    return text + "\n";
  };
  const auto number = [](const Json& row, const std::string& column) {
    return row.contains(column) && row.at(column).is_number() ? fmt::format("{:.4f}", row.at(column).get<double>())
                                                              : std::string("-");
  };
  std::string table = line("run", [](const std::string& column) { return column; });
  for (const Json& run : results.at("runs"))
    table += line(run.at("run").get<std::string>(), [&](const auto& column) { return number(run, column); });
  for (const auto& item : results.items())
    if (item.value().is_object())
      table += line(item.key(), [&](const auto& column) { return number(item.value(), column); });
  return table;
}

}  // namespace gptask
