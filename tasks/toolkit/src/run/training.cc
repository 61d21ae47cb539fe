#include "run/training.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "gpt/core/error.h"
#include "run/outputs.h"

namespace gptask {
namespace {

bool is_loss(const std::string& metric) {
  for (const char* low : {"loss", "error", "perplexity", "ter", "ece"})
    if (metric.size() >= std::string_view(low).size() &&
        metric.compare(metric.size() - std::string_view(low).size(), std::string::npos, low) == 0)
      return true;
  return false;
}

[[noreturn]] void fail_unknown_metric(const std::string& metric, const Json& metrics) {
  std::vector<std::string> known;
  for (const auto& [name, value] : metrics.items())
    if (value.is_number()) known.push_back(name);
  gpt::fail(gpt::ErrorCode::invalid_option, "--metric_for_best_model {}: the evaluation has {}", metric,
            fmt::join(known, ", "));
}

/// The states of a frozen decoder for training and validation examples, where they fit into the memory allowed.
struct KeptStates {
  std::unique_ptr<gpt::Features> train, validation;
  double validation_seconds = 0;  ///< an evaluation without them takes so much longer
};

KeptStates keep_states(const FinetuneRequest& request, const Inputs& inputs, Observer& observer) {
  KeptStates kept;
  if (request.tuning != Tuning::head || request.feature_cache_bytes == 0) return kept;
  std::vector<std::pair<const gpt::TaskData*, std::unique_ptr<gpt::Features>*>> wanted{
      {inputs.train.get(), &kept.train}};
  if (inputs.validation && request.eval_strategy != EvalStrategy::no)
    wanted.emplace_back(inputs.validation.get(), &kept.validation);
  std::int64_t bytes = 0;
  for (const auto& [data, place] : wanted) bytes += gpt::Features::bytes(*inputs.decoder, *inputs.head, data->examples);
  if (bytes > request.feature_cache_bytes) {
    observer.notice(
        fmt::format("the frozen model's states of all examples take {:.1f} GB, more than --feature_cache_mb {}; they "
                    "are computed anew each time",
                    static_cast<double>(bytes) / 1e9, request.feature_cache_bytes >> 20));
    return kept;
  }
  for (const auto& [data, place] : wanted) {
    observer.stage(fmt::format("the frozen model reads {}, once", data->source));
    const auto begin = std::chrono::steady_clock::now();
    *place = std::make_unique<gpt::Features>(*inputs.decoder, *inputs.head, data->examples, request.eval_batch_size,
                                             *inputs.threads, [&, all = data->examples.size()](std::size_t done) {
                                               observer.inferred(done, all);
                                               check_stop(observer);
                                             });
    kept.validation_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  return kept;
}

class Evaluator {
 public:
  Evaluator(const FinetuneRequest& request, const Inputs& inputs, const KeptStates& kept, Observer& observer)
      : request_(request),
        inputs_(inputs),
        kept_(kept),
        observer_(observer),
        metric_(best_metric(request, *inputs.task)) {}

  /// No value: interrupted. The trainer asks next whether to stop, and saves a checkpoint.
  std::optional<gpt::EvalRecord> operator()(const gpt::StepRecord& record) {
    try {
      last_ = score(*inputs_.task, *inputs_.decoder, *inputs_.head, *inputs_.validation, request_.eval_batch_size,
                    *inputs_.threads, observer_, kept_.validation.get());
    } catch (const gpt::Error& error) {
      if (error.code() != gpt::ErrorCode::interrupted) throw;
      return std::nullopt;
    }
    if (kept_.validation) last_.seconds += kept_.validation_seconds;  // speeds are those of the whole model
    step_ = record.step;
    observer_.evaluated(record.epoch, last_.evaluation.metrics);
    Json entry = evaluation_results(request_, inputs_, last_, record.epoch);
    entry["step"] = record.step;
    return gpt::EvalRecord{record.step, record.epoch, score_of(last_.evaluation.metrics), std::move(entry)};
  }

  std::optional<Scored> scored_at(std::int64_t step) const {
    return step_ == step ? std::optional<Scored>(last_) : std::nullopt;
  }

 private:
  double score_of(const Json& metrics) const {
    if (const auto found = metrics.find(metric_); found != metrics.end() && found->is_number())
      return found->get<double>();
    const bool matters =
        request_.train.load_best || request_.train.save_best || request_.train.early_stopping_patience > 0;
    if (!matters) return 0;
    fail_unknown_metric(metric_, metrics);
  }

  const FinetuneRequest& request_;
  const Inputs& inputs_;
  const KeptStates& kept_;
  Observer& observer_;
  std::string metric_;
  Scored last_;
  std::int64_t step_ = -1;
};

}  // namespace

std::string best_metric(const FinetuneRequest& request, const gpt::Task& task) {
  if (request.best_metric.empty()) return task.main_metric();
  constexpr std::string_view prefix = "eval_";
  return request.best_metric.rfind(prefix, 0) == 0 ? request.best_metric.substr(prefix.size()) : request.best_metric;
}

void check_best_metric(const FinetuneRequest& request, const Inputs& inputs, Observer& observer) {
  constexpr std::int64_t few = 8;
  if (request.best_metric.empty() || !inputs.validation) return;
  const std::string metric = best_metric(request, *inputs.task);
  const auto metrics_of = [&](const gpt::TaskData& data) {
    observer.stage(fmt::format("looking for the metric {} in an evaluation of {} rows", metric, data.examples.size()));
    return score(*inputs.task, *inputs.decoder, *inputs.head, data, request.eval_batch_size, *inputs.threads, observer)
        .evaluation.metrics;
  };
  Json metrics = metrics_of(*inputs.validation->take(examples_of_first_rows(*inputs.validation, few)));
  // Some metrics need certain rows: HasAns_f1 of SQuAD one with an answer.
  if (!metrics.contains(metric)) metrics = metrics_of(*inputs.validation);
  if (!metrics.contains(metric)) fail_unknown_metric(metric, metrics);
}

Json evaluation_results(const FinetuneRequest& request, const Inputs& inputs, const Scored& scored, double epoch) {
  Json results = prefixed("eval", scored.evaluation.metrics);
  results.update(baseline_fields("eval", scored.evaluation));
  results.update(speed_fields("eval", inputs.validation->examples.size(), request.eval_batch_size, scored.seconds));
  results["epoch"] = epoch;
  return results;
}

Trained train(const FinetuneRequest& request, const Inputs& inputs, const std::filesystem::path& folder,
              const std::filesystem::path& checkpoint, Observer& observer) {
  const KeptStates kept = keep_states(request, inputs, observer);
  observer.stage("training");
  gpt::TrainOptions options = request.train;
  if (request.eval_strategy != EvalStrategy::steps) options.eval_steps = 0;
  options.greater_is_better = request.greater_is_better.value_or(!is_loss(best_metric(request, *inputs.task)));
  Evaluator evaluator(request, inputs, kept, observer);
  Trained trained;
  gpt::TrainHooks hooks;
  hooks.started = [&](const gpt::TrainPlan& plan) {
    trained.plan = plan;
    observer.training(plan);
  };
  hooks.stepped = [&](const gpt::StepRecord& record) { observer.stepped(record); };
  hooks.stop_requested = [&] { return observer.stop_requested(); };
  if (request.eval_strategy != EvalStrategy::no)
    hooks.evaluate = [&](const gpt::StepRecord& record) { return evaluator(record); };
  trained.result = gpt::train(*inputs.decoder, *inputs.head, inputs.train->examples, options, *inputs.threads, folder,
                              checkpoint, hooks, kept.train.get());
  const gpt::TrainResult& result = trained.result;
  for (const gpt::EvalRecord& record : result.evaluations) trained.evaluations.push_back(record.entry);
  if (result.stopped_early)
    observer.notice(fmt::format("stopped early at step {}: {} evaluations without a better {}", result.steps,
                                options.early_stopping_patience, best_metric(request, *inputs.task)));
  trained.scored = evaluator.scored_at(options.load_best && result.best_step > 0 ? result.best_step : result.steps);
  return trained;
}

}  // namespace gptask
