#include "gptask/toolkit/evaluate.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "gpt/core/error.h"
#include "gpt/io/atomic_file.h"
#include "gptask/toolkit/loaded_task.h"
#include "gptask/toolkit/memory.h"
#include "gptask/toolkit/report.h"
#include "gptask/toolkit/run_folder.h"
#include "run/inputs.h"
#include "run/journal.h"
#include "run/outputs.h"
#include "run/results.h"
#include "run/scoring.h"
#include "run/tables.h"
#include "score/joined.h"

namespace gptask {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Outputs = std::vector<std::vector<float>>;

constexpr std::size_t batches_in_part = 16;  // of the journal

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// One model on one file.
struct Part {
  std::shared_ptr<const LoadedTask> model;
  std::shared_ptr<const gpt::TaskData> data;
  fs::path model_path, folder;
};

/// For a task without a scorer: evaluates the chosen examples anew. The outputs may be those of several systems, one
/// after the other.
class EvaluatingScorer : public gpt::Scorer {
 public:
  EvaluatingScorer(Part part, Outputs outputs) : part_(std::move(part)), outputs_(std::move(outputs)) {}
  std::size_t rows() const override { return outputs_.size(); }
  Json metrics(std::span<const std::uint32_t> rows) const override {
    const auto examples = static_cast<std::uint32_t>(part_.data->examples.size());
    Outputs chosen;
    std::vector<std::uint32_t> places;
    for (const std::uint32_t i : rows) {
      chosen.push_back(outputs_[i]);
      places.push_back(i % examples);
    }
    return part_.model->task().evaluate(*part_.data->take(places), chosen).metrics;
  }
  ScorerPointer followed_by(const gpt::Scorer& other) const override {
    return std::make_shared<EvaluatingScorer>(part_,
                                              joined(outputs_, gpt::same_kind<EvaluatingScorer>(other).outputs_));
  }

 private:
  Part part_;
  Outputs outputs_;
};

std::shared_ptr<const gpt::TaskData> read(const LoadedTask& model, const fs::path& file, const EvaluateRequest& request,
                                          Observer& observer) {
  observer.stage(fmt::format("reading {}", file.string()));
  auto data = model.read(file, gpt::Purpose::evaluate, row_limit(request.max_samples), reading_progress(observer));
  tell_counts(*data, observer);
  if (data->examples.empty()) gpt::fail(gpt::ErrorCode::malformed, "{}: no row can be used", file.string());
  return data;
}

/// Milliseconds of answering one text at a time: {"median", "p95"}; empty without samples.
Json latency(const LoadedTask& model, const gpt::TaskData& data, std::int64_t samples, Observer& observer) {
  std::vector<double> times;
  const std::size_t count = std::min(static_cast<std::size_t>(samples), data.examples.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    check_stop(observer);
    const auto one = data.take(std::span(&i, 1));
    const auto begin = Clock::now();
    model.infer(*one, 1);
    times.push_back(seconds_since(begin) * 1e3);
  }
  if (times.empty()) return Json::object();
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1) + 0.5)];
  };
  return {{"median", at(0.5)}, {"p95", at(0.95)}};
}

/// Goes on where the journal ends; the parts are the same whether it was interrupted or not.
void infer(const Part& part, const EvaluateRequest& request, Journal& journal, Observer& observer) {
  const std::size_t total = part.data->examples.size();
  const std::size_t size = batches_in_part * static_cast<std::size_t>(request.batch_size);
  if (journal.outputs().size() > total || (journal.outputs().size() < total && journal.outputs().size() % size != 0))
    gpt::fail(gpt::ErrorCode::mismatch,
              "{}: {} of {} examples were done, which does not fit; start anew with "
              "--overwrite_output_dir",
              part.folder.string(), journal.outputs().size(), total);
  if (!journal.outputs().empty())
    observer.notice(fmt::format("{} of {} examples were done before", journal.outputs().size(), total));
  while (journal.outputs().size() < total) {
    const std::size_t begin = journal.outputs().size();
    std::vector<std::uint32_t> indices(std::min(size, total - begin));
    std::iota(indices.begin(), indices.end(), static_cast<std::uint32_t>(begin));
    const auto some = part.data->take(indices);
    const auto start = Clock::now();
    const Outputs outputs = part.model->infer(*some, request.batch_size, [&](std::size_t done) {
      observer.inferred(begin + done, total);
      if (observer.stop_requested())
        gpt::fail(gpt::ErrorCode::interrupted,
                  "stopped on request; {} of {} examples are kept, and the same command with --resume goes on there",
                  begin, total);
    });
    journal.append(outputs, seconds_since(start));
  }
  if (journal.latency().is_null())
    journal.set_latency(latency(*part.model, *part.data, request.latency_samples, observer));
}

Report make_report(const EvaluateRequest& request, const Part& part, gpt::Evaluation evaluation, const Json& results,
                   const SystemScores& scores) {
  const Manifest& manifest = part.model->manifest();
  Report report;
  report.title = fmt::format("{}: evaluation of {}", manifest.task, part.model_path.filename().string());
  report.subtitle = fmt::format("Base model {}", fs::path(manifest.base_path).filename().string());
  report.evaluated_on = part.data->source;
  report.main_metric = part.model->task().main_metric();
  report.evaluation = std::move(evaluation);
  report.intervals = scores.intervals;
  report.speed["examples/s"] = results.at("test_samples_per_second");
  if (results.contains("test_latency_median_ms")) {
    report.speed["latency, median"] = fmt::format("{:.1f} ms", results.at("test_latency_median_ms").get<double>());
    report.speed["latency, 95th percentile"] =
        fmt::format("{:.1f} ms", results.at("test_latency_p95_ms").get<double>());
  }
  report.speed["peak memory"] = fmt::format("{:.2f} GB", static_cast<double>(peak_memory()) / 1e9);
  report.data["test"] = data_summary(*part.data);
  report.settings["model"] = part.model_path.string();
  report.settings["test_file"] = part.data->source;
  report.settings["per_device_eval_batch_size"] = request.batch_size;
  report.settings["threads"] = part.model->threads().count();
  report.settings["fine-tuned with"] = manifest.options;
  return report;
}

/// A line an example: what the task says became of it, or else its text, its answer and the task's.
std::string example_lines(const Part& part, const gpt::Evaluation& evaluation, const Outputs& outputs) {
  std::string lines;
  const auto add = [&](const Json& line) { lines += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; };
  for (const Json& row : evaluation.rows) add(row);
  if (!evaluation.rows.empty()) return lines;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Json line{{"index", i}, {"row", part.data->rows[i]}, {"text", part.data->text(i)}, {"truth", part.data->answer(i)}};
    line.update(part.model->task().answer(*part.data, i, outputs[i]));
    add(line);
  }
  return lines;
}

Json speed_of(const Json& results) {
  Json speed{{"examples_per_second", results.at("test_samples_per_second")}};
  for (const char* name : {"latency_median_ms", "latency_p95_ms"})
    if (const auto found = results.find(std::string("test_") + name); found != results.end()) speed[name] = *found;
  return speed;
}

/// Scores a part, adds it to the table and writes its files; the results that test_results.json holds.
Json finish(const EvaluateRequest& request, const Part& part, const Journal& journal, EvaluationTable& table,
            TableBuilder& builder, Observer& observer) {
  const LoadedTask& model = *part.model;
  gpt::Evaluation evaluation =
      evaluated(model.task(), model.decoder(), model.head(), *part.data, journal.outputs(), model.threads());
  Json results = prefixed("test", evaluation.metrics);
  results.update(baseline_fields("test", evaluation));
  if (const Json& made = signatures(evaluation); !made.empty()) results["test_signatures"] = made;
  results.update(speed_fields("test", part.data->examples.size(), request.batch_size, journal.seconds()));
  for (const auto& [name, value] : journal.latency().items()) results["test_latency_" + name + "_ms"] = value;
  observer.evaluated(0, evaluation.metrics);

  ScorerPointer scorer = evaluation.scorer;
  if (!scorer && !evaluation.metrics.empty()) scorer = std::make_shared<EvaluatingScorer>(part, journal.outputs());
  observer.stage("drawing rows anew for the intervals");
  builder.add({part.model_path.string(), part.data->source}, scorer, evaluation.metrics, speed_of(results));
  builder.add_signatures(part.data->source, signatures(evaluation));
  const SystemScores scores = table.systems.back();
  results["test_intervals"] = scores.intervals;
  for (const auto& baseline : evaluation.baselines)
    builder.add_baseline({baseline.name, part.data->source}, baseline.scorer);

  for (const auto& file : evaluation.files) gpt::write_file_atomically(part.folder / file.name, file.content);
  gpt::write_file_atomically(part.folder / "examples.jsonl", example_lines(part, evaluation, journal.outputs()));
  gpt::write_file_atomically(part.folder / "report.html",
                             html_report(make_report(request, part, std::move(evaluation), results, scores)));
  write_json(part.folder / "test_results.json", results);
  return results;
}

Json fingerprint(const EvaluateRequest& request) {
  Json values{{"model", Json::array()}, {"test_file", Json::array()}};
  for (const fs::path& model : request.models) values["model"].push_back(model.string());
  for (const fs::path& file : request.test_files) values["test_file"].push_back(file.string());
  values["max_eval_samples"] = request.max_samples;
  values["per_device_eval_batch_size"] = request.batch_size;
  values["precision"] = static_cast<int>(request.precision);
  values["untuned"] = request.untuned;
  values["task_options"] = request.task_options.to_json();
  return values;
}

/// Claims the output folder when the first part is about to begin, so that a wrong call leaves nothing behind.
class Evaluation {
 public:
  Evaluation(const EvaluateRequest& request, const gpt::Registry& registry, Observer& observer)
      : request_(request),
        registry_(registry),
        observer_(observer),
        folder_(request.output_dir, RunKind::evaluate, existing(request.resume, request.overwrite)),
        builder_(table_, request.bootstrap, request.paired) {
    if (folder_.holds_run() && request.resume) folder_.check_same_run(fingerprint(request));
  }

  EvaluateResult run() {
    check_models();
    for (std::size_t i = 0; i < request_.models.size(); ++i) add_model(i);
    if (request_.models.size() > 1) observer_.stage("comparing the models row by row");
    builder_.compare();
    builder_.add_notes();
    if (several()) {
      table_.title = fmt::format("{}: evaluation of {} models on {} files", task_, request_.models.size(),
                                 request_.test_files.size());
      gpt::write_file_atomically(folder_.path() / "report.html", table_html(table_));
    }
    write_table(table_, folder_.path());
    for (Journal& journal : journals_) journal.remove();
    return {std::move(results_), std::move(table_), folder_.path() / "report.html"};
  }

 private:
  bool several() const { return request_.models.size() * request_.test_files.size() > 1; }

  /// All folders are there and of one task, before anything is loaded.
  void check_models() {
    task_ = request_.untuned;
    if (!task_.empty()) return;
    for (const fs::path& model : request_.models) {
      const std::string task = read_manifest(model).task;
      if (task_.empty()) task_ = task;
      if (task != task_)
        gpt::fail(gpt::ErrorCode::mismatch, "--model: {} was trained for \"{}\" and {} for \"{}\"; evaluate them apart",
                  request_.models[0].string(), task_, model.string(), task);
    }
  }

  void add_model(std::size_t i) {
    observer_.stage(fmt::format("loading {}", request_.models[i].string()));
    LoadOptions options;
    options.threads = request_.threads;
    options.precision = request_.precision;
    options.fold_adapter = true;
    options.untuned = request_.untuned;
    options.task_options = request_.task_options;
    Part part;
    part.model_path = request_.models[i];
    part.model = LoadedTask::load(part.model_path, registry_, options);
    check_stop(observer_);
    table_.main_metric = part.model->task().main_metric();
    for (std::size_t k = 0; k < request_.test_files.size(); ++k) {
      part.data = read(*part.model, request_.test_files[k], request_, observer_);
      if (journals_.empty()) folder_.claim(fingerprint(request_));
      part.folder = folder_.path();
      if (several()) part.folder /= fmt::format("evaluation-{}-{}", i + 1, k + 1);
      gpt::FileSystem::current().make_folder(part.folder);
      const MemoryEstimate memory = part.model->memory(*part.data, request_.batch_size);
      observer_.stage(describe(memory));
      check_fits(memory, request_.memory_limit,
                 fmt::format("a smaller --per_device_eval_batch_size (now {})", request_.batch_size));
      observer_.stage(fmt::format("evaluating {} on {}", part.model_path.string(), part.data->source));
      journals_.emplace_back(part.folder / "journal.jsonl");
      infer(part, request_, journals_.back(), observer_);
      results_.push_back(finish(request_, part, journals_.back(), table_, builder_, observer_));
    }
  }

  const EvaluateRequest& request_;
  const gpt::Registry& registry_;
  Observer& observer_;
  RunFolder folder_;
  EvaluationTable table_;
  TableBuilder builder_;
  std::string task_;
  std::vector<Json> results_;
  std::vector<Journal> journals_;
};

}  // namespace

EvaluateResult evaluate(const EvaluateRequest& request, const gpt::Registry& registry, Observer& observer) {
  check(request);
  return Evaluation(request, registry, observer).run();
}

}  // namespace gptask
