// The result files that the Transformers scripts write, with their names of fields.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gpt/plugin/task.h"
#include "gpt/train/options.h"
#include "gpt/train/trainer.h"

namespace gptask {

using Json = nlohmann::ordered_json;

/// A JSON file with two spaces of indentation; the keys keep their order.
void write_json(const std::filesystem::path& path, const Json& value);

/// `metrics` with "PREFIX_" before each name.
Json prefixed(const std::string& prefix, const Json& metrics);

/// The trivial answers of an evaluation: PREFIX_baseline_name and PREFIX_baseline_METRIC of the first,
/// PREFIX_baseline2_... of the second.
Json baseline_fields(const std::string& prefix, const gpt::Evaluation& evaluation);

/// How the metrics of an evaluation were computed: sacrebleu's signatures, say; empty where there is nothing to tell.
const Json& signatures(const gpt::Evaluation& evaluation);

/// The entries of log_history, for as many steps each as the options say: their mean loss; learning rate and gradient
/// norm of the last.
std::vector<Json> log_entries(const std::vector<gpt::StepRecord>& records, const gpt::TrainOptions& options);

/// trainer_state.json. `evaluations` ({"step", "epoch", "eval_..."}) are put among the steps they belong to.
Json trainer_state(const gpt::TrainOptions& options, const gpt::TrainPlan& plan, const gpt::TrainResult& result,
                   const std::vector<Json>& evaluations, const Json& train_results);

/// train_results.json. `parameters`: of the model, for total_flos.
Json train_results(const gpt::TrainPlan& plan, const gpt::TrainResult& result, std::int64_t parameters,
                   std::int64_t memory_estimate);

/// The speed fields of an evaluation: PREFIX_runtime, PREFIX_samples, PREFIX_samples_per_second, ...
Json speed_fields(const std::string& prefix, std::size_t samples, std::int64_t batch_size, double seconds);

}  // namespace gptask
