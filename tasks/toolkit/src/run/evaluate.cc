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
#include "run/results.h"
#include "run/scoring.h"

namespace gptask {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

std::unique_ptr<gpt::TaskData> read(const LoadedTask& model, const EvaluateRequest& request, Observer& observer) {
  observer.stage(fmt::format("reading {}", request.test_file.string()));
  auto data = model.read(request.test_file, gpt::Purpose::evaluate);
  tell_counts(*data, model.max_tokens(), observer);
  const auto limit = static_cast<std::size_t>(request.max_samples);
  if (limit == 0 || data->examples.size() <= limit) return data;
  std::vector<std::uint32_t> indices(limit);
  std::iota(indices.begin(), indices.end(), 0U);
  return data->take(indices);
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

Report make_report(const EvaluateRequest& request, const LoadedTask& model, const gpt::TaskData& data,
                   gpt::Evaluation evaluation, const Json& results) {
  Report report;
  report.title = fmt::format("{}: evaluation of {}", model.manifest().task, request.model.filename().string());
  report.subtitle = fmt::format("Base model {}", std::filesystem::path(model.manifest().base_path).filename().string());
  report.evaluated_on = data.source;
  report.main_metric = model.task().main_metric();
  report.evaluation = std::move(evaluation);
  report.speed["examples/s"] = results.at("test_samples_per_second");
  if (results.contains("test_latency_median_ms")) {
    report.speed["latency, median"] = fmt::format("{:.1f} ms", results.at("test_latency_median_ms").get<double>());
    report.speed["latency, 95th percentile"] =
        fmt::format("{:.1f} ms", results.at("test_latency_p95_ms").get<double>());
  }
  report.speed["peak memory"] = fmt::format("{:.2f} GB", static_cast<double>(peak_memory()) / 1e9);
  report.data["test"] = data_summary(data);
  report.settings["model"] = request.model.string();
  report.settings["test_file"] = request.test_file.string();
  report.settings["per_device_eval_batch_size"] = request.batch_size;
  report.settings["threads"] = model.threads().count();
  report.settings["fine-tuned with"] = model.manifest().options;
  return report;
}

}  // namespace

EvaluateResult evaluate(const EvaluateRequest& request, const gpt::Registry& registry, Observer& observer) {
  check(request);
  RunFolder folder(request.output_dir, RunKind::evaluate, request.overwrite ? Existing::overwrite : Existing::refuse);
  observer.stage(fmt::format("loading {}", request.model.string()));
  LoadOptions options;
  options.threads = request.threads;
  options.bf16 = request.bf16;
  options.task_options = request.task_options;
  const auto model = LoadedTask::load(request.model, registry, options);
  check_stop(observer);
  const auto data = read(*model, request, observer);
  if (data->examples.empty())
    gpt::fail(gpt::ErrorCode::malformed, "{}: no row can be used", request.test_file.string());

  observer.stage(fmt::format("evaluating on {}", data->source));
  Scored scored =
      score(model->task(), model->decoder(), model->head(), *data, request.batch_size, model->threads(), observer);
  gpt::Evaluation& evaluation = scored.evaluation;

  EvaluateResult result;
  result.results = prefixed("test", evaluation.metrics);
  result.results.update(prefixed("test_baseline", evaluation.baseline));
  result.results.update(speed_fields("test", data->examples.size(), request.batch_size, scored.seconds));
  const Json times = latency(*model, *data, request.latency_samples, observer);
  for (const auto& [name, value] : times.items()) result.results["test_latency_" + name + "_ms"] = value;
  observer.evaluated(0, evaluation.metrics);

  folder.claim({{"model", request.model.string()}, {"test_file", request.test_file.string()}});
  for (const auto& file : evaluation.files) gpt::write_file_atomically(folder.path() / file.name, file.content);
  result.report = folder.path() / "report.html";
  gpt::write_file_atomically(result.report,
                             html_report(make_report(request, *model, *data, std::move(evaluation), result.results)));
  write_json(folder.path() / "test_results.json", result.results);
  return result;
}

}  // namespace gptask
