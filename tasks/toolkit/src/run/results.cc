#include "run/results.h"

#include <algorithm>
#include <cmath>

#include "gpt/io/atomic_file.h"
#include "gptask/toolkit/memory.h"
#include "run/baselines.h"

namespace gptask {
namespace {

/// Whether an entry ends with step `i`; the last one has what is left.
bool ends_entry(const std::vector<gpt::StepRecord>& records, std::size_t i, const gpt::TrainOptions& options) {
  constexpr double rounding = 1e-9;
  const auto whole_epochs = [&](std::size_t at) { return std::floor(records[at].epoch + rounding); };
  if (i == 0 && options.logging_first_step) return true;
  switch (options.logging) {
    case gpt::Logging::steps:
      return i + 1 == records.size() || records[i].step % options.logging_steps == 0;
    case gpt::Logging::epochs:
      return i + 1 == records.size() || whole_epochs(i) > (i > 0 ? whole_epochs(i - 1) : 0);
    case gpt::Logging::nothing:
      break;
  }
  return false;
}

}  // namespace

void write_json(const std::filesystem::path& path, const Json& value) {
  gpt::write_file_atomically(path, value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Json prefixed(const std::string& prefix, const Json& metrics) {
  Json named = Json::object();
  for (const auto& [name, value] : metrics.items()) named[prefix + "_" + name] = value;
  return named;
}

Json baseline_fields(const std::string& prefix, const gpt::Evaluation& evaluation) {
  const std::vector<Json> all = baselines(evaluation);
  Json fields = Json::object();
  for (std::size_t i = 0; i < all.size(); ++i) fields.update(prefixed(baseline_prefix(prefix, i), all[i]));
  return fields;
}

const Json& signatures(const gpt::Evaluation& evaluation) {
  static const Json none = Json::object();
  const auto found = evaluation.details.find("signatures");
  return found == evaluation.details.end() ? none : *found;
}

std::vector<Json> log_entries(const std::vector<gpt::StepRecord>& records, const gpt::TrainOptions& options) {
  std::vector<Json> entries;
  double sum = 0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const gpt::StepRecord& record = records[i];
    sum += record.loss;
    ++count;
    if (!ends_entry(records, i, options)) continue;
    entries.push_back({{"epoch", record.epoch},
                       {"grad_norm", record.grad_norm},
                       {"learning_rate", record.learning_rate},
                       {"loss", sum / static_cast<double>(count)},
                       {"step", record.step}});
    sum = 0;
    count = 0;
  }
  return entries;
}

Json trainer_state(const gpt::TrainOptions& options, const gpt::TrainPlan& plan, const gpt::TrainResult& result,
                   const std::vector<Json>& evaluations, const Json& train_results) {
  std::vector<Json> history = log_entries(result.records, options);
  history.insert(history.end(), evaluations.begin(), evaluations.end());
  std::stable_sort(history.begin(), history.end(),
                   [](const Json& a, const Json& b) { return a.at("step") < b.at("step"); });
  Json last = train_results;
  last.erase("train_samples");
  last["step"] = result.steps;
  history.push_back(std::move(last));
  const double epochs =
      plan.steps_per_epoch > 0 ? static_cast<double>(plan.steps) / static_cast<double>(plan.steps_per_epoch) : 0;
  Json state;
  const bool best_known = result.best_step > 0 && (options.load_best || options.save_best);
  state["best_global_step"] = best_known ? Json(result.best_step) : Json();
  state["best_metric"] = best_known ? Json(result.best_score) : Json();
  state["best_model_checkpoint"] =
      best_known && !result.best_checkpoint.empty() ? Json(result.best_checkpoint.string()) : Json();
  state["epoch"] = result.epochs;
  state["eval_steps"] = options.eval_steps;
  state["global_step"] = result.steps;
  state["is_hyper_param_search"] = false;
  state["is_local_process_zero"] = true;
  state["is_world_process_zero"] = true;
  state["log_history"] = history;
  state["logging_steps"] = options.logging_steps;
  state["max_steps"] = plan.steps;
  state["num_input_tokens_seen"] = result.tokens;
  state["num_train_epochs"] = static_cast<std::int64_t>(std::ceil(options.max_steps > 0 ? epochs : options.epochs));
  state["save_steps"] = options.save_steps;
  state["stateful_callbacks"] = Json::object();
  state["total_flos"] = train_results.at("total_flos");
  state["train_batch_size"] = options.batch_size;
  state["trial_name"] = nullptr;
  state["trial_params"] = nullptr;
  return state;
}

Json train_results(const gpt::TrainPlan& plan, const gpt::TrainResult& result, std::int64_t parameters,
                   std::int64_t memory_estimate) {
  const double seconds = std::max(result.seconds, 1e-9);
  const std::int64_t steps = result.steps - plan.first_step;
  const double epochs =
      plan.steps_per_epoch > 0 ? static_cast<double>(steps) / static_cast<double>(plan.steps_per_epoch) : 0;
  Json results;
  results["epoch"] = result.epochs;
  results["total_flos"] = 6.0 * static_cast<double>(result.tokens) * static_cast<double>(parameters);
  results["train_loss"] = result.mean_loss;
  results["train_runtime"] = result.seconds;
  results["train_samples"] = plan.examples;
  results["train_samples_per_second"] = epochs * static_cast<double>(plan.examples) / seconds;
  results["train_steps_per_second"] = static_cast<double>(steps) / seconds;
  results["train_tokens_per_second"] = static_cast<double>(result.tokens) / seconds;
  results["train_peak_memory_bytes"] = peak_memory();
  results["train_memory_estimate_bytes"] = memory_estimate;
  results["train_activation_bytes"] = result.activation_bytes;
  return results;
}

Json speed_fields(const std::string& prefix, std::size_t samples, std::int64_t batch_size, double seconds) {
  const double safe = std::max(seconds, 1e-9);
  const auto count = static_cast<double>(samples);
  Json fields;
  fields[prefix + "_runtime"] = seconds;
  fields[prefix + "_samples"] = samples;
  fields[prefix + "_samples_per_second"] = count / safe;
  fields[prefix + "_steps_per_second"] = std::ceil(count / static_cast<double>(batch_size)) / safe;
  return fields;
}

}  // namespace gptask
