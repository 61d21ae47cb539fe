#include <algorithm>
#include <array>

#include "gpt/core/error.h"
#include "gpt/io/atomic_file.h"
#include "gptask/toolkit/predictions.h"
#include "gptask/toolkit/run_folder.h"
#include "predictions/kinds.h"
#include "run/inputs.h"
#include "run/tables.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;

struct Kind {
  const char* task;
  std::unique_ptr<AnswerKind> (*make)(const PredictionRequest&);
};

constexpr std::array<Kind, 8> kinds = {{{"classification", make_labels},
                                        {"sentiment", make_labels},
                                        {"multi-label", make_multi_label},
                                        {"regression", make_numbers},
                                        {"qa", make_spans},
                                        {"summarization", make_summaries},
                                        {"translation", make_translations},
                                        {"multiple-choice", make_choices}}};

std::unique_ptr<AnswerKind> make_kind(const PredictionRequest& request) {
  for (const Kind& kind : kinds)
    if (request.task == kind.task) return kind.make(request);
  gpt::fail(gpt::ErrorCode::invalid_option, "predictions of \"{}\" cannot be scored without a model; there are {}",
            request.task, fmt::join(prediction_tasks(), ", "));
}

void check(const PredictionRequest& request) {
  const auto needed = [&](bool there, const char* option) {
    if (!there) gpt::fail(gpt::ErrorCode::invalid_option, "--{} is needed", option);
  };
  needed(!request.predictions.empty(), "predictions");
  needed(!request.references.empty(), "references");
  if (request.bootstrap.samples < 0)
    gpt::fail(gpt::ErrorCode::invalid_option, "--bootstrap_samples must be 0 or more, not {}",
              request.bootstrap.samples);
  if (request.label_separator.empty()) gpt::fail(gpt::ErrorCode::invalid_option, "--label_separator must not be empty");
}

Json file_list(const std::vector<std::filesystem::path>& files) {
  Json list = Json::array();
  for (const auto& file : files) list.push_back(file.string());
  return list;
}

std::string json_lines(const std::vector<Json>& rows) {
  std::string lines;
  for (const Json& row : rows) lines += row.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return lines;
}

}  // namespace

const std::vector<std::string>& prediction_tasks() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> names;
    for (const Kind& kind : kinds) names.emplace_back(kind.task);
    return names;
  }();
  return names;
}

EvaluationTable evaluate_predictions(const PredictionRequest& request, Observer& observer) {
  check(request);
  std::optional<RunFolder> folder;
  if (!request.output_dir.empty())
    folder.emplace(request.output_dir, RunKind::evaluate, existing(false, request.overwrite));
  observer.stage(fmt::format("reading {}", request.references[0].string()));
  const auto kind = make_kind(request);
  EvaluationTable table;
  table.title = fmt::format("{}: evaluation of predictions", request.task);
  table.main_metric = kind->main_metric();
  TableBuilder builder(table, request.bootstrap, request.paired);
  const std::string file = request.references[0].string();
  std::vector<std::string> examples;
  for (std::size_t i = 0; i < request.predictions.size(); ++i) {
    check_stop(observer);
    observer.stage(fmt::format("scoring {}", request.predictions[i].string()));
    ScoredPredictions scored = kind->score(i);
    examples.push_back(json_lines(scored.rows));
    builder.add({request.predictions[i].string(), file}, scored.scorer);
  }
  for (const auto& baseline : kind->baselines()) builder.add_baseline({baseline.name, file}, baseline.scorer);
  if (request.predictions.size() > 1) observer.stage("comparing the systems row by row");
  builder.compare();
  table.notes = kind->notes();
  builder.add_notes();
  if (!folder) return table;
  folder->claim({{"task", request.task},
                 {"predictions", file_list(request.predictions)},
                 {"references", file_list(request.references)}});
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::string name = examples.size() == 1 ? "examples.jsonl" : fmt::format("examples-{}.jsonl", i + 1);
    gpt::write_file_atomically(folder->path() / name, examples[i]);
  }
  gpt::write_file_atomically(folder->path() / "report.html", table_html(table));
  write_table(table, folder->path());
  return table;
}

}  // namespace gptask
