#include "gptask/toolkit/pretrain.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <optional>

#include "gpt/core/error.h"
#include "gpt/data/example_source.h"
#include "gpt/generate/generate.h"
#include "gpt/head/language_model_head.h"
#include "gpt/io/atomic_file.h"
#include "gpt/model/decoder.h"
#include "gpt/model/files.h"
#include "gpt/model/memory.h"
#include "gptask/toolkit/documents.h"
#include "gptask/toolkit/memory.h"
#include "gptask/toolkit/run_folder.h"
#include "pretrain/describe.h"
#include "pretrain/token_files.h"
#include "run/inputs.h"
#include "run/results.h"
#include "run/resume.h"

namespace gptask {
namespace {

namespace fs = std::filesystem;

void check(const PretrainRequest& request) {
  const auto missing = [](const char* option) { gpt::fail(gpt::ErrorCode::invalid_option, "--{} is missing", option); };
  if (request.tokenizer.empty()) missing("tokenizer");
  if (request.output_dir.empty()) missing("output_dir");
  if (request.train_files.empty() && !request.init_only) missing("train_file");
  if (request.train.eval_steps > 0 && request.validation_files.empty())
    gpt::fail(gpt::ErrorCode::invalid_option, "--eval_steps needs a --validation_file");
}

/// One run, in the order of its steps.
class Run {
 public:
  Run(const PretrainRequest& request, Observer& observer)
      : request_(request),
        observer_(observer),
        folder_(request.output_dir, RunKind::pretrain, existing(request.resume, request.overwrite)) {}

  PretrainResult go() {
    make_model();
    if (request_.init_only) return write_initialized();
    inputs_.train_files = expand_files(request_.train_files);
    inputs_.validation_files = expand_files(request_.validation_files);
    try_texts();
    const Json identity = fingerprint(request_, inputs_);
    fs::path checkpoint;
    if (request_.resume) checkpoint = checkpoint_to_resume(folder_, request_.checkpoint, identity, observer_);
    folder_.claim(identity);
    read_texts();
    train(checkpoint);
    if (trained_.stopped) {
      PretrainResult result;
      result.stopped = true;
      result.checkpoint = gpt::newest_checkpoint(folder_.path());
      return result;
    }
    write_weights();
    if (validation_) evaluate(trained_.epochs, trained_.steps, all_windows(*validation_));
    return write_results();
  }

 private:
  void make_model() {
    threads_ = std::make_unique<gpt::Threads>(request_.threads);
    inputs_.tokenizer = gpt::Tokenizer::load(request_.tokenizer);
    inputs_.config = model_config(request_, *inputs_.tokenizer);
    inputs_.context = request_.context > 0 ? request_.context : inputs_.config.context;
    if (inputs_.context > inputs_.config.context)
      gpt::fail(gpt::ErrorCode::invalid_option, "--block_size {} is more than the model's context of {}",
                inputs_.context, inputs_.config.context);
    meter_.weights_begin();
    decoder_ = gpt::Decoder::create(inputs_.config, request_.train.seed);
    meter_.weights_end();
    decoder_->scale_residual_projections();
    decoder_->set_gradient_checkpointing(request_.gradient_checkpointing);
    for (const gpt::Parameter* p : decoder_->parameters()) inputs_.parameters += p->value.size();
  }

  std::unique_ptr<gpt::TokenWindows> windows(const char* name, const std::vector<fs::path>& files) {
    const fs::path path = folder_.path() / name;
    auto file = write_token_file(path, files, request_.text_column, *inputs_.tokenizer, *threads_, observer_);
    const gpt::TokenFileInfo& info = file->info();
    auto result = std::make_unique<gpt::TokenWindows>(std::move(file), inputs_.context);
    observer_.notice(fmt::format("{}: {} documents, {} tokens, {:.2f} bytes a token, {} windows of {}", path.string(),
                                 info.documents, info.tokens, bytes_per_token(info), result->size(), inputs_.context));
    return result;
  }

  /// What is wrong with the first of the files shows before anything is written.
  void try_texts() const {
    DocumentPiece piece;
    for (const auto* files : {&inputs_.train_files, &inputs_.validation_files})
      DocumentReader(*files, request_.text_column).next(piece);
  }

  void read_texts() {
    train_ = windows("train.tokens", inputs_.train_files);
    if (inputs_.validation_files.empty()) return;
    validation_ = windows("validation.tokens", inputs_.validation_files);
  }

  static std::vector<std::uint32_t> all_windows(const gpt::TokenWindows& windows) {
    std::vector<std::uint32_t> indices(windows.size());
    std::iota(indices.begin(), indices.end(), 0U);
    return indices;
  }

  /// max_eval_samples of them, evenly spread.
  std::vector<std::uint32_t> some_windows(const gpt::TokenWindows& windows) const {
    const auto limit = static_cast<std::size_t>(std::max<std::int64_t>(0, request_.max_eval_samples));
    if (limit == 0 || limit >= windows.size()) return all_windows(windows);
    std::vector<std::uint32_t> indices(limit);
    for (std::size_t i = 0; i < limit; ++i) indices[i] = static_cast<std::uint32_t>(i * windows.size() / limit);
    return indices;
  }

  /// Token files are mapped, and stay in memory as they are read.
  MemoryEstimate memory() const {
    constexpr std::int64_t bytes = sizeof(float);
    gpt::PassMemory pass;
    const std::int64_t batch = request_.train.batch_size * inputs_.context, most = request_.train.max_activation_tokens;
    pass.tokens =
        most > 0 ? std::min(batch, std::max(most / inputs_.context, std::int64_t{1}) * inputs_.context) : batch;
    pass.longest = inputs_.context;
    pass.threads = threads_->count();
    pass.bf16 = request_.bf16;
    pass.next_tokens = pass.all_weights = true;
    pass.gradients = inputs_.parameters;
    pass.several = pass.tokens < batch || request_.train.accumulation > 1;
    pass.dropout = inputs_.config.residual_dropout > 0;
    pass.checkpointing = request_.gradient_checkpointing;
    gpt::PassMemory evaluation = pass;
    evaluation.tokens = validation_ ? request_.eval_batch_size * inputs_.context : 0;
    MemoryEstimate memory;
    memory.program = program_;
    for (const auto* data : {&train_, &validation_})
      if (*data) memory.program += (*data)->file().bytes();
    memory.weights = decoder_->weight_bytes();
    memory.optimizer = 2 * inputs_.parameters * bytes;
    memory.activations =
        std::max(gpt::training_pass_bytes(inputs_.config, pass), gpt::forward_pass_bytes(inputs_.config, evaluation));
    return memory;
  }

  void check_memory() {
    memory_ = memory();
    observer_.stage(describe(memory_));
    check_fits(memory_, request_.memory_limit,
               fmt::format("{}a smaller --max_activation_tokens (now {}), --block_size (now {}) or "
                           "--per_device_eval_batch_size (now {}), or a smaller --config_name",
                           request_.gradient_checkpointing ? "" : "--gradient_checkpointing, ",
                           request_.train.max_activation_tokens, inputs_.context, request_.eval_batch_size));
  }

  void train(const fs::path& checkpoint) {
    program_ = meter_.program();
    bool in_bf16 = false;
    if (request_.bf16) threads_->run([&] { in_bf16 = decoder_->set_precision(gpt::Precision::bfloat16); });
    if (request_.bf16 && !in_bf16)
      observer_.notice("this machine has no bfloat16 products: --bf16 is left out, float32 is used");
    check_memory();
    observer_.stage("training");
    decoder_->set_trainable(true);
    head_ = std::make_unique<gpt::LanguageModelHead>(decoder_->output_projection());
    gpt::TrainHooks hooks;
    hooks.started = [&](const gpt::TrainPlan& plan) {
      plan_ = plan;
      observer_.training(plan);
    };
    hooks.stepped = [&](const gpt::StepRecord& record) { observer_.stepped(record); };
    hooks.stop_requested = [&] { return observer_.stop_requested(); };
    if (request_.train.eval_steps > 0) hooks.evaluate = [&](const gpt::StepRecord& record) { return look(record); };
    trained_ = gpt::train(*decoder_, *head_, *train_, request_.train, *threads_, folder_.path(), checkpoint, hooks);
    evaluations_.clear();  // those before a resume, too
    for (const gpt::EvalRecord& record : trained_.evaluations) evaluations_.push_back(record.entry);
  }

  /// What a person wants to see on the way.
  std::optional<gpt::EvalRecord> look(const gpt::StepRecord& record) {
    try {
      evaluate(record.epoch, record.step, some_windows(*validation_));
      sample(record.step);
      return gpt::EvalRecord{record.step, record.epoch, evaluations_.back().at("eval_loss").get<double>(),
                             evaluations_.back()};
    } catch (const gpt::Error& error) {
      if (error.code() != gpt::ErrorCode::interrupted) throw;  // the trainer asks next, and saves a checkpoint
      return std::nullopt;
    }
  }

  void evaluate(double epoch, std::int64_t step, const std::vector<std::uint32_t>& indices) {
    const gpt::MeanLoss mean = gpt::mean_loss(*decoder_, *head_, *validation_, indices, request_.eval_batch_size,
                                              *threads_, [&](std::size_t done) {
                                                check_stop(observer_);
                                                observer_.inferred(done, indices.size());
                                              });
    const gpt::TokenFileInfo& info = validation_->file().info();
    const Json metrics = {{"loss", mean.loss},
                          {"perplexity", std::exp(mean.loss)},
                          {"bits_per_byte", mean.loss / std::numbers::ln2 / bytes_per_token(info)}};
    eval_results_ = prefixed("eval", metrics);
    eval_results_["eval_tokens"] = mean.terms;
    eval_results_["epoch"] = epoch;
    observer_.evaluated(epoch, metrics);
    Json entry = eval_results_;
    entry["step"] = step;
    evaluations_.push_back(std::move(entry));
  }

  void sample(std::int64_t step) {
    gpt::GenerateOptions options;
    options.max_new_tokens = static_cast<std::int32_t>(request_.sample_tokens);
    options.do_sample = true;
    options.temperature = 0.8;
    options.seed = request_.train.seed;
    for (const std::string& prompt : request_.sample_prompts) {
      const std::vector<std::vector<std::int32_t>> prompts{inputs_.tokenizer->encode(prompt)};
      if (prompts.front().empty()) continue;
      gpt::GenerateCallbacks callbacks;
      callbacks.stop_requested = [&] { return observer_.stop_requested(); };
      const auto written = gpt::generate(*decoder_, prompts, options, *threads_, callbacks);
      observer_.sampled(step, prompt + inputs_.tokenizer->decode(written.front().tokens, true));
    }
  }

  void write_weights() {
    observer_.stage(fmt::format("writing {}", folder_.path().string()));
    write_language_model(*decoder_, *inputs_.tokenizer, folder_.path());
  }

  PretrainResult write_initialized() {
    folder_.claim(fingerprint(request_, inputs_));
    write_weights();
    PretrainResult result;
    result.results = {{"parameters", inputs_.parameters}};
    write_json(folder_.path() / "all_results.json", result.results);
    return result;
  }

  PretrainResult write_results() {
    const fs::path& path = folder_.path();
    const Json training = train_results(plan_, trained_, inputs_.parameters, memory_.total());
    write_json(path / "train_results.json", training);
    if (!eval_results_.empty()) write_json(path / "eval_results.json", eval_results_);
    write_json(path / "trainer_state.json", trainer_state(request_.train, plan_, trained_, evaluations_, training));
    PretrainResult result;
    result.results = training;
    result.results["parameters"] = inputs_.parameters;
    result.results.update(eval_results_);
    result.report = path / "report.html";
    const Outcome outcome{request_,
                          inputs_,
                          train_->file().info(),
                          trained_.records,
                          evaluations_,
                          result.results,
                          validation_ ? &validation_->file().info() : nullptr};
    gpt::write_file_atomically(path / "README.md", model_card(outcome));
    gpt::write_file_atomically(path / "curve.svg", curve_picture(outcome));
    gpt::write_file_atomically(result.report, report_page(outcome));
    write_json(path / "all_results.json", result.results);
    return result;
  }

  const PretrainRequest& request_;
  Observer& observer_;
  RunFolder folder_;
  std::unique_ptr<gpt::Threads> threads_;
  PretrainInputs inputs_;
  std::unique_ptr<gpt::Decoder> decoder_;
  std::unique_ptr<gpt::LanguageModelHead> head_;
  std::unique_ptr<gpt::TokenWindows> train_, validation_;
  MemoryMeter meter_;
  std::int64_t program_ = 0;  // bytes held beside the weights before training
  MemoryEstimate memory_;
  gpt::TrainPlan plan_;
  gpt::TrainResult trained_;
  Json eval_results_ = Json::object();
  std::vector<Json> evaluations_;
};

}  // namespace

PretrainResult pretrain(const PretrainRequest& request, Observer& observer) {
  check(request);
  return Run(request, observer).go();
}

}  // namespace gptask
