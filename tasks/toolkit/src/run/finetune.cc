#include "gptask/toolkit/finetune.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/atomic_file.h"
#include "gptask/toolkit/manifest.h"
#include "gptask/toolkit/report.h"
#include "gptask/toolkit/run_folder.h"
#include "run/finetune_part.h"
#include "run/inputs.h"
#include "run/model_card.h"
#include "run/model_files.h"
#include "run/results.h"
#include "run/resume.h"
#include "run/scoring.h"
#include "run/training.h"

namespace gptask {
namespace {

namespace fs = std::filesystem;

/// One run, in the order of its steps.
class Run {
 public:
  Run(const FinetuneRequest& request, Observer& observer, const std::function<void()>& before_claim)
      : request_(request),
        observer_(observer),
        before_claim_(before_claim),
        folder_(request.output_dir, RunKind::finetune, existing(request.resume, request.overwrite)) {}

  FinetuneResult go() {
    inputs_ = read_inputs(request_, observer_);
    observer_.stage(describe(inputs_.memory));
    check_fits(inputs_.memory, request_.memory_limit, memory_advice(request_));
    check_best_metric(request_, inputs_, observer_);
    const Json identity = fingerprint(request_, inputs_);
    fs::path checkpoint;
    if (request_.resume) checkpoint = checkpoint_to_resume(folder_, request_.checkpoint, identity, observer_);
    if (before_claim_) before_claim_();
    folder_.claim(identity);
    return resumable([&] { return train_and_write(checkpoint); });
  }

 private:
  FinetuneResult train_and_write(const fs::path& checkpoint) {
    trained_ = train(request_, inputs_, folder_.path(), checkpoint, observer_);
    if (trained_.result.stopped) {
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

  /// Training saves a checkpoint where it is asked to stop. Whatever else is interrupted says where a resumed run will
  /// go on.
  template <typename Work>
  FinetuneResult resumable(Work work) {
    try {
      return work();
    } catch (const gpt::Error& error) {
      if (error.code() != gpt::ErrorCode::interrupted) throw;
      const fs::path checkpoint = gpt::newest_checkpoint(folder_.path());
      gpt::fail(
          gpt::ErrorCode::interrupted,
          "{}; the same command with --resume_from_checkpoint true goes on from {} and ends with the same results",
          error.what(), checkpoint.empty() ? "the first step" : checkpoint.string());
    }
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

  /// On the way an evaluation may have met the final weights already.
  void evaluate() {
    if (!inputs_.validation) return;
    const gpt::TrainResult& result = trained_.result;
    const bool known = trained_.scored.has_value();
    if (!known) {
      observer_.stage(fmt::format("evaluating on {}", inputs_.validation->source));
      trained_.scored = score(*inputs_.task, *inputs_.decoder, *inputs_.head, *inputs_.validation,
                              request_.eval_batch_size, *inputs_.threads, observer_);
    }
    calibrate(*trained_.scored);
    if (!known) observer_.evaluated(result.epochs, trained_.scored->evaluation.metrics);
    eval_results_ = evaluation_results(request_, inputs_, *trained_.scored, result.epochs);
    if (const Json& made = signatures(trained_.scored->evaluation); !made.empty())
      eval_results_["eval_signatures"] = made;
    evaluate_mismatched();
    if (trained_.evaluations.empty() || trained_.evaluations.back().at("step") != result.steps) {
      trained_.evaluations.push_back(eval_results_);
      trained_.evaluations.back()["step"] = result.steps;
    }
    scored_ = std::move(*trained_.scored);
    write_json(folder_.path() / "eval_results.json", eval_results_);
  }

  /// The task may fit its answers to the validation set; its scores are then those of the fitted answers.
  void calibrate(Scored& scored) {
    inputs_.task->calibrate(*inputs_.validation, scored.outputs);
    Json loss = scored.evaluation.metrics.value("loss", Json());
    scored.evaluation = inputs_.task->evaluate(*inputs_.validation, scored.outputs);
    if (loss.is_number()) scored.evaluation.metrics["loss"] = std::move(loss);
  }

  /// The second development set of MNLI: the same figures, ending in _mm as run_glue.py has them.
  void evaluate_mismatched() {
    if (!inputs_.mismatched) return;
    observer_.stage(fmt::format("evaluating on {}", inputs_.mismatched->source));
    const Scored scored = score(*inputs_.task, *inputs_.decoder, *inputs_.head, *inputs_.mismatched,
                                request_.eval_batch_size, *inputs_.threads, observer_);
    observer_.evaluated(trained_.result.epochs, scored.evaluation.metrics);
    Json figures = prefixed("eval", scored.evaluation.metrics);
    figures.update(baseline_fields("eval", scored.evaluation));
    for (const auto& [name, value] : figures.items()) eval_results_[name + "_mm"] = value;
    eval_results_["eval_samples_mm"] = inputs_.mismatched->examples.size();
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
    const Json training = train_results(trained_.plan, trained_.result, inputs_.parameters, inputs_.memory.total());
    write_json(path / "train_results.json", training);
    write_json(path / "trainer_state.json",
               trainer_state(request_.train, trained_.plan, trained_.result, trained_.evaluations, training));
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
    report.curve = trained_.result.records;
    report.evaluations = trained_.evaluations;
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
    manifest.looks_at = inputs_.head->looks_at();
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
  const std::function<void()>& before_claim_;
  RunFolder folder_;
  Inputs inputs_;
  Trained trained_;
  Scored scored_;
  Json eval_results_ = Json::object();
};

}  // namespace

FinetuneResult finetune_part(const FinetuneRequest& request, Observer& observer,
                             const std::function<void()>& before_claim) {
  check(request);
  return Run(request, observer, before_claim).go();
}

FinetuneResult finetune(const FinetuneRequest& request, Observer& observer) {
  return finetune_part(request, observer, {});
}

DryRun plan_finetune(const FinetuneRequest& request, Observer& observer) {
  check(request);
  const RunFolder folder(request.output_dir, RunKind::finetune, existing(request.resume, request.overwrite));
  const Inputs inputs = read_inputs(request, observer);
  check_best_metric(request, inputs, observer);
  DryRun plan;
  plan.summary["settings"] = settings(request, inputs);
  if (const Json state = inputs.task->state(); state.contains("template"))
    plan.summary["template"] = state.at("template");
  plan.summary["head_looks_at"] = inputs.head->looks_at();
  plan.summary["data"] = data_summary(inputs);
  plan.summary["steps"] = gpt::plan_training(inputs.train->examples, request.train).steps;
  plan.summary["parameters"] = inputs.parameters;
  plan.summary["trainable_parameters"] = inputs.trainable;
  plan.summary["memory_bytes"] = to_json(inputs.memory);
  plan.memory = describe(inputs.memory);
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
