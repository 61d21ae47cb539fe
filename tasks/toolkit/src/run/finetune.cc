#include "gptask/toolkit/finetune.h"

#include <algorithm>
#include <cmath>

#include "gpt/core/error.h"
#include "gpt/io/atomic_file.h"
#include "gptask/toolkit/manifest.h"
#include "gptask/toolkit/report.h"
#include "gptask/toolkit/run_folder.h"
#include "run/inputs.h"
#include "run/model_card.h"
#include "run/model_files.h"
#include "run/results.h"
#include "run/scoring.h"

namespace gptask {
namespace {

namespace fs = std::filesystem;

Existing existing(const FinetuneRequest& request) {
  if (request.resume) return Existing::resume;
  return request.overwrite ? Existing::overwrite : Existing::refuse;
}

/// One run, in the order of its steps.
class Run {
 public:
  Run(const FinetuneRequest& request, Observer& observer)
      : request_(request), observer_(observer), folder_(request.output_dir, RunKind::finetune, existing(request)) {}

  FinetuneResult go() {
    inputs_ = read_inputs(request_, observer_);
    const Json identity = fingerprint(request_, inputs_);
    const fs::path checkpoint = checkpoint_to_resume(identity);
    folder_.claim(identity);
    train(checkpoint);
    if (trained_.stopped) {
      FinetuneResult result;
      result.stopped = true;
      result.checkpoint = gpt::newest_checkpoint(folder_.path());
      return result;
    }
    write_weights();
    evaluate();
    predict();
    return write_results();
  }

 private:
  fs::path checkpoint_to_resume(const Json& identity) {
    if (!request_.resume) return {};
    if (folder_.holds_run()) folder_.check_same_run(identity);
    fs::path checkpoint = request_.checkpoint.empty() ? gpt::newest_checkpoint(folder_.path()) : request_.checkpoint;
    if (!request_.checkpoint.empty() && !fs::exists(checkpoint))
      gpt::fail(gpt::ErrorCode::not_found, "--resume_from_checkpoint {}: no such folder", checkpoint.string());
    observer_.notice(checkpoint.empty() ? fmt::format("{} holds no complete checkpoint yet; starting at step 1",
                                                      folder_.path().string())
                                        : fmt::format("resuming from {}", checkpoint.string()));
    return checkpoint;
  }

  void train(const fs::path& checkpoint) {
    observer_.stage("training");
    gpt::TrainOptions options = request_.train;
    if (request_.eval_strategy != EvalStrategy::steps) options.eval_steps = 0;
    gpt::TrainHooks hooks;
    hooks.started = [&](const gpt::TrainPlan& plan) {
      plan_ = plan;
      observer_.training(plan);
    };
    hooks.stepped = [&](const gpt::StepRecord& record) { observer_.stepped(record); };
    hooks.stop_requested = [&] { return observer_.stop_requested(); };
    if (request_.eval_strategy != EvalStrategy::no)
      hooks.evaluate = [&](const gpt::StepRecord& record) { evaluate_on_the_way(record); };
    trained_ = gpt::train(*inputs_.decoder, *inputs_.head, inputs_.train->examples, options, *inputs_.threads,
                          folder_.path(), checkpoint, hooks);
  }

  /// The end of the run has its own evaluation; with --eval_strategy steps the ends of epochs have none.
  void evaluate_on_the_way(const gpt::StepRecord& record) {
    const bool by_steps = request_.eval_strategy == EvalStrategy::steps;
    if (record.step == plan_.steps || (by_steps && record.step % request_.train.eval_steps != 0)) return;
    try {
      note_evaluation(record.epoch, record.step, score_validation());
    } catch (const gpt::Error& error) {
      if (error.code() != gpt::ErrorCode::interrupted) throw;  // the trainer asks next, and saves a checkpoint
    }
  }

  Scored score_validation() {
    return score(*inputs_.task, *inputs_.decoder, *inputs_.head, *inputs_.validation, request_.eval_batch_size,
                 *inputs_.threads, observer_);
  }

  void note_evaluation(double epoch, std::int64_t step, const Scored& scored) {
    eval_results_ = prefixed("eval", scored.evaluation.metrics);
    eval_results_.update(
        speed_fields("eval", inputs_.validation->examples.size(), request_.eval_batch_size, scored.seconds));
    eval_results_["epoch"] = epoch;
    observer_.evaluated(epoch, scored.evaluation.metrics);
    Json entry = eval_results_;
    entry["step"] = step;
    evaluations_.push_back(std::move(entry));
  }

  void write_weights() {
    observer_.stage(fmt::format("writing {}", folder_.path().string()));
    const ModelFiles files{*inputs_.decoder,
                           *inputs_.head,
                           *inputs_.task,
                           *inputs_.tokenizer,
                           choose_pad(*inputs_.tokenizer, *inputs_.train),
                           inputs_.model_path.string()};
    inputs_.threads->run([&] { write_model(files, folder_.path()); });
  }

  void evaluate() {
    if (!inputs_.validation) return;
    observer_.stage(fmt::format("evaluating on {}", inputs_.validation->source));
    scored_ = score_validation();
    note_evaluation(trained_.epochs, trained_.steps, scored_);
    write_json(folder_.path() / "eval_results.json", eval_results_);
  }

  /// The prediction files: of the test file, else of the validation set.
  void predict() {
    std::vector<gpt::Evaluation::File> files = scored_.evaluation.files;
    if (inputs_.test) {
      observer_.stage(fmt::format("predicting {}", inputs_.test->source));
      files = score(*inputs_.task, *inputs_.decoder, *inputs_.head, *inputs_.test, request_.eval_batch_size,
                    *inputs_.threads, observer_)
                  .evaluation.files;
    }
    for (const auto& file : files) gpt::write_file_atomically(folder_.path() / file.name, file.content);
  }

  FinetuneResult write_results() {
    const fs::path& path = folder_.path();
    const Json training = train_results(plan_, trained_, inputs_.parameters, inputs_.memory.total());
    write_json(path / "train_results.json", training);
    write_json(path / "trainer_state.json", trainer_state(request_.train, plan_, trained_, evaluations_, training));
    FinetuneResult result;
    result.results = training;
    result.results.update(eval_results_);
    write_json(path / "all_results.json", result.results);
    gpt::write_file_atomically(path / "README.md", model_card({request_, inputs_, scored_.evaluation, result.results}));
    result.report = path / "report.html";
    gpt::write_file_atomically(result.report, html_report(report(training)));
    write_manifest(path, manifest());
    return result;
  }

  Report report(const Json& training) const {
    Report report;
    report.title = fmt::format("{}: {}", request_.task.name, folder_.path().filename().string());
    report.subtitle = fmt::format("Fine-tuned from {} ({} tuning)", inputs_.model_path.filename().string(),
                                  tuning_name(request_.tuning));
    report.curve = trained_.records;
    report.evaluations = evaluations_;
    report.main_metric = inputs_.task->main_metric();
    report.evaluation = scored_.evaluation;
    if (inputs_.validation) report.evaluated_on = inputs_.validation->source;
    report.speed["training examples/s"] = training.at("train_samples_per_second");
    report.speed["training tokens/s"] = training.at("train_tokens_per_second");
    if (eval_results_.contains("eval_samples_per_second"))
      report.speed["evaluation examples/s"] = eval_results_.at("eval_samples_per_second");
    report.speed["peak memory"] = fmt::format("{:.2f} GB", training.at("train_peak_memory_bytes").get<double>() / 1e9);
    report.data = data_summary(inputs_);
    report.settings = settings(request_, inputs_);
    return report;
  }

  Manifest manifest() const {
    Manifest manifest;
    manifest.task = request_.task.name;
    manifest.task_version = request_.task.version;
    manifest.plugin = request_.task.plugin.filename().string();
    manifest.state = inputs_.task->state();
    manifest.options = settings(request_, inputs_);
    manifest.tuning = tuning_name(request_.tuning);
    manifest.max_tokens = inputs_.max_tokens;
    manifest.tokenizer_hash = inputs_.tokenizer->hash();
    manifest.base_path = inputs_.model_path.string();
    manifest.base_hash = inputs_.model_hash;
    manifest.adapter = request_.tuning == Tuning::lora;
    return manifest;
  }

  const FinetuneRequest& request_;
  Observer& observer_;
  RunFolder folder_;
  Inputs inputs_;
  gpt::TrainPlan plan_;
  gpt::TrainResult trained_;
  Scored scored_;
  Json eval_results_ = Json::object();
  std::vector<Json> evaluations_;
};

/// Optimizer steps of the whole run.
std::int64_t planned_steps(const FinetuneRequest& request, std::int64_t examples) {
  if (request.train.max_steps > 0) return request.train.max_steps;
  const std::int64_t batch = request.train.batch_size * request.train.accumulation;
  return static_cast<std::int64_t>(
      std::ceil(request.train.epochs * static_cast<double>((examples + batch - 1) / batch)));
}

}  // namespace

FinetuneResult finetune(const FinetuneRequest& request, Observer& observer) {
  check(request);
  return Run(request, observer).go();
}

DryRun plan_finetune(const FinetuneRequest& request, Observer& observer) {
  check(request);
  const RunFolder folder(request.output_dir, RunKind::finetune, existing(request));
  const Inputs inputs = read_inputs(request, observer);
  DryRun plan;
  plan.summary["settings"] = settings(request, inputs);
  plan.summary["data"] = data_summary(inputs);
  plan.summary["steps"] = planned_steps(request, static_cast<std::int64_t>(inputs.train->examples.size()));
  plan.summary["parameters"] = inputs.parameters;
  plan.summary["trainable_parameters"] = inputs.trainable;
  plan.summary["memory_bytes"] = {{"total", inputs.memory.total()},
                                  {"weights", inputs.memory.weights},
                                  {"optimizer", inputs.memory.optimizer},
                                  {"activations", inputs.memory.activations}};
  plan.samples = Json::array();
  for (std::size_t i = 0; i < std::min<std::size_t>(3, inputs.train->examples.size()); ++i) {
    const auto& ids = inputs.train->examples[i].tokens;
    std::vector<std::string> tokens;
    for (const std::int32_t id : ids) tokens.push_back(inputs.tokenizer->token(id));
    plan.samples.push_back(
        {{"text", inputs.train->text(i)}, {"answer", inputs.train->answer(i)}, {"ids", ids}, {"tokens", tokens}});
  }
  return plan;
}

}  // namespace gptask
