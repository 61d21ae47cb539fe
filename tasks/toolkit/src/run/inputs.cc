#include "run/inputs.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/io/weight_source.h"
#include "gpt/model/memory.h"
#include "gpt/train/features.h"
#include "gpt/train/trainer.h"
#include "gptask/toolkit/models.h"
#include "run/new_tokens.h"
#include "run/outputs.h"

namespace gptask {
namespace {

enum Stream : std::uint64_t { head_weights = 0x68656164, split = 0x73706c69 };

/// Where the examples of each row begin, and the end: a row may have several (the windows of a long passage).
std::vector<std::uint32_t> row_starts(const gpt::TaskData& data) {
  std::vector<std::uint32_t> starts;
  for (std::uint32_t i = 0; i < data.rows.size(); ++i)
    if (i == 0 || data.rows[i] != data.rows[i - 1]) starts.push_back(i);
  starts.push_back(static_cast<std::uint32_t>(data.rows.size()));
  return starts;
}

/// The training rows from place `begin` to `end` of a seeded order, whole; and how many rows there are.
struct HeldOut {
  std::size_t rows, begin, end;
};

/// Moves them to the validation set; both sets keep the order of the file.
void move_to_validation(Inputs& inputs, const std::vector<std::uint32_t>& starts, const HeldOut& part,
                        std::uint64_t seed) {
  const std::vector<std::uint32_t> order = gpt::permutation(part.rows, gpt::Random(seed, Stream::split));
  std::vector<char> held(part.rows, 0);
  for (std::size_t i = part.begin; i < part.end; ++i) held[order[i]] = 1;
  std::vector<std::uint32_t> training, validation;
  for (std::size_t row = 0; row < part.rows; ++row)
    for (std::uint32_t i = starts[row]; i < starts[row + 1]; ++i) (held[row] != 0 ? validation : training).push_back(i);
  inputs.validation = inputs.train->take(validation);
  inputs.train = inputs.train->take(training);
}

/// A seeded share of the training rows.
void split_off(Inputs& inputs, double share, std::uint64_t seed) {
  const std::vector<std::uint32_t> starts = row_starts(*inputs.train);
  const std::size_t count = starts.size() - 1;
  const auto held_out = static_cast<std::size_t>(share * static_cast<double>(count) + 0.5);
  if (held_out == 0 || held_out >= count)
    gpt::fail(gpt::ErrorCode::invalid_option,
              "--validation_split {} leaves {} of {} examples for {}; choose another share", share, 0, count,
              held_out == 0 ? "validation" : "training");
  move_to_validation(inputs, starts, {count, 0, held_out}, seed);
}

/// Part `fold` of `folds` that are as large as each other, of the seed's order.
void hold_out_fold(Inputs& inputs, const FinetuneRequest& request) {
  const std::vector<std::uint32_t> starts = row_starts(*inputs.train);
  const std::size_t count = starts.size() - 1;
  const auto folds = static_cast<std::size_t>(request.folds), fold = static_cast<std::size_t>(request.fold);
  if (count < folds)
    gpt::fail(gpt::ErrorCode::invalid_option, "--folds {}: {} has only {} examples", folds, inputs.train->source,
              count);
  move_to_validation(inputs, starts, {count, count * fold / folds, count * (fold + 1) / folds}, request.train.seed);
}

std::unique_ptr<gpt::TaskData> read(Inputs& inputs, const std::filesystem::path& file, gpt::Purpose purpose,
                                    std::int64_t limit, Observer& observer) {
  check_stop(observer);
  observer.stage(fmt::format("reading {}", file.string()));
  auto data = inputs.task->read(
      file, {*inputs.tokenizer, inputs.max_tokens, purpose, row_limit(limit), reading_progress(observer)});
  tell_counts(*data, observer);
  if (data->examples.empty()) gpt::fail(gpt::ErrorCode::malformed, "{}: no row can be used", file.string());
  return data;
}

void read_data(Inputs& inputs, const FinetuneRequest& request, Observer& observer) {
  using gpt::Purpose;
  const bool parted = request.folds > 0 || request.validation_split > 0;
  inputs.train = read(inputs, request.train_file, Purpose::train, parted ? 0 : request.max_train_samples, observer);
  if (request.folds > 0) hold_out_fold(inputs, request);
  if (request.validation_split > 0) split_off(inputs, request.validation_split, request.train.seed);
  if (parted) inputs.train = first_rows(std::move(inputs.train), request.max_train_samples);
  if (!request.validation_file.empty())
    inputs.validation = read(inputs, request.validation_file, Purpose::evaluate, request.max_eval_samples, observer);
  else if (inputs.validation)
    inputs.validation = first_rows(std::move(inputs.validation), request.max_eval_samples);
  if (!request.mismatched_file.empty())
    inputs.mismatched = read(inputs, request.mismatched_file, Purpose::evaluate, request.max_eval_samples, observer);
  if (!request.test_file.empty())
    inputs.test = read(inputs, request.test_file, Purpose::predict, request.max_predict_samples, observer);
}

/// A task that leaves out what the run folder needs would fail only when the training is done.
void check_task(const gpt::Task& task, const std::string& name) {
  const auto transformers = task.transformers();
  if (!transformers.is_object() || !transformers.contains("architecture") || !transformers["architecture"].is_string())
    gpt::fail(gpt::ErrorCode::plugin,
              "the task \"{}\": transformers() must name an \"architecture\" (\"ForSequenceClassification\", say) for "
              "config.json; its plugin has to be mended",
              name);
}

/// With adapters only the new rows of the token embedding train.
std::int64_t trained_values(const gpt::Parameter& parameter, const gpt::Decoder& decoder) {
  const bool partly = decoder.has_lora() && &parameter == &decoder.token_embedding();
  return parameter.value.size() - (partly ? decoder.first_new_token() * parameter.value.columns() : 0);
}

void make_trainable(Inputs& inputs, const FinetuneRequest& request) {
  gpt::Random random(request.train.seed, Stream::head_weights);
  inputs.head = inputs.task->make_head(*inputs.decoder, random);
  inputs.decoder->set_trainable(request.tuning == Tuning::full);
  if (request.tuning == Tuning::lora) inputs.decoder->add_lora(request.lora, request.train.seed);
  for (gpt::Parameter* parameter : inputs.head->parameters()) parameter->set_trainable(true);
  const auto count = [&](const std::vector<gpt::Parameter*>& parameters) {
    for (const gpt::Parameter* parameter : parameters) {
      inputs.parameters += parameter->value.size();
      if (!parameter->trainable) continue;
      inputs.trainable += trained_values(*parameter, *inputs.decoder);
      inputs.gradients += parameter->value.size();
    }
  };
  count(inputs.decoder->parameters());
  count(inputs.head->parameters());
  if (inputs.trainable == 0)
    gpt::fail(
        gpt::ErrorCode::invalid_option,
        "--tuning head: the task \"{}\" answers with the model's own output projection, so that there is no head to "
        "train; take --tuning lora or --tuning full",
        request.task.name);
}

void set_bfloat16(Inputs& inputs, const FinetuneRequest& request, Observer& observer) {
  inputs.threads->run([&] { inputs.bf16 = inputs.decoder->set_precision(gpt::Precision::bfloat16); });
  if (!inputs.bf16) observer.notice("this machine has no bfloat16 products: --bf16 is left out, float32 is used");
  const bool predicts_tokens =
      inputs.task->generation() || request.task.make()->zero_shot() || request.train.lm_coefficient > 0;
  if (!predicts_tokens && inputs.decoder->config().tied_embeddings)  // rows are looked up in float32
    std::vector<std::uint16_t>().swap(inputs.decoder->token_embedding().half);
}

/// The tokenizer got tokens from id `first` on; the model gets rows for them.
void add_new_tokens(Inputs& inputs, std::int64_t first, const FinetuneRequest& request) {
  if (request.tuning == Tuning::head)
    gpt::fail(gpt::ErrorCode::invalid_option,
              "new tokens ({}) must be learned by the model, and --tuning head trains no part of it; take lora or full",
              fmt::join(inputs.task->new_tokens(), ", "));
  inputs.decoder->add_tokens(std::min(first, inputs.decoder->config().vocabulary),
                             static_cast<std::int64_t>(inputs.tokenizer->vocabulary_size()), request.train.seed);
}

/// The largest pass of training.
gpt::PassMemory training_pass(const Inputs& inputs, const FinetuneRequest& request) {
  const gpt::ModelConfig& config = inputs.decoder->config();
  gpt::PassMemory pass;
  pass.threads = inputs.threads->count();
  pass.bf16 = inputs.bf16;
  const gpt::TrainPlan plan = gpt::plan_training(inputs.train->examples, request.train);
  pass.tokens = plan.largest_pass;
  pass.several = plan.most_passes > 1;
  pass.gradients = inputs.gradients;
  for (const gpt::Example& example : inputs.train->examples)
    pass.longest = std::max(pass.longest, static_cast<std::int64_t>(example.tokens.size()));
  pass.all_weights = request.tuning == Tuning::full;
  pass.lora_rank = request.tuning == Tuning::lora ? request.lora.rank : 0;
  pass.dropout = config.residual_dropout > 0;
  pass.lora_dropout = pass.lora_rank > 0 && request.lora.dropout > 0;
  pass.rows = gpt::rows_read(*inputs.head, request.train);
  pass.next_tokens = inputs.task->generation().has_value() || request.train.lm_coefficient > 0;
  pass.checkpointing = request.gradient_checkpointing;
  return pass;
}

/// Activations and gradients of the largest pass of training, or activations of an evaluation; a frozen decoder only
/// ever infers.
std::int64_t activation_bytes(const Inputs& inputs, const FinetuneRequest& request) {
  const gpt::ModelConfig& config = inputs.decoder->config();
  const bool frozen = request.tuning == Tuning::head;
  const gpt::PassMemory pass = training_pass(inputs, request);
  const auto head_gradients = inputs.gradients * static_cast<std::int64_t>(sizeof(float));
  std::int64_t most =
      frozen ? gpt::forward_pass_bytes(config, pass) + head_gradients : gpt::training_pass_bytes(config, pass);
  std::int64_t kept = 0;
  for (const auto* data : {&inputs.train, &inputs.validation, &inputs.mismatched, &inputs.test}) {
    const bool infers = *data && (data != &inputs.train || frozen);
    if (!infers) continue;
    const auto& examples = (*data)->examples;
    most = std::max(most, inference_bytes(*inputs.task, config, examples, request.eval_batch_size,
                                          inputs.threads->count(), inputs.bf16));
    if (frozen && (data == &inputs.train || (data == &inputs.validation && request.eval_strategy != EvalStrategy::no)))
      kept += gpt::Features::bytes(*inputs.decoder, *inputs.head, examples);
  }
  return most + (kept <= request.feature_cache_bytes ? kept : 0);
}

MemoryEstimate memory_of(const Inputs& inputs, const FinetuneRequest& request, std::int64_t program) {
  constexpr std::int64_t bytes = sizeof(float);
  MemoryEstimate memory;
  memory.program = program;
  memory.weights = inputs.decoder->weight_bytes();
  for (const gpt::Parameter* p : inputs.head->parameters()) memory.weights += p->value.size() * bytes;
  memory.optimizer = 2 * inputs.trainable * bytes;
  memory.activations = activation_bytes(inputs, request);
  memory.loading = peak_memory();
  return memory;
}

}  // namespace

std::string memory_advice(const FinetuneRequest& request) {
  std::vector<std::string> flags;
  if (request.tuning == Tuning::full) flags.emplace_back("--tuning lora");
  if (request.tuning != Tuning::head && !request.gradient_checkpointing) flags.emplace_back("--gradient_checkpointing");
  flags.push_back(fmt::format("a smaller --max_activation_tokens (now {})", request.train.max_activation_tokens));
  flags.emplace_back("a smaller --max_seq_length");
  flags.push_back(fmt::format("a smaller --per_device_eval_batch_size (now {})", request.eval_batch_size));
  if (request.bf16) flags.emplace_back("no --bf16");
  return fmt::format("{}", fmt::join(flags, ", "));
}

void tell_counts(const gpt::TaskData& data, Observer& observer) {
  for (const auto& [what, count] : data.truncated.items())
    observer.notice(
        fmt::format("{}: {} of {} examples were cut: {}", data.source, count.dump(), data.examples.size(), what));
  for (const auto& [reason, count] : data.skipped.items())
    observer.notice(fmt::format("{}: {} rows left out: {}", data.source, count.dump(), reason));
}

std::function<void(std::uint64_t)> reading_progress(Observer& observer) {
  return [&observer](std::uint64_t rows) {
    observer.rows_read(rows);
    check_stop(observer);
  };
}

void check_stop(Observer& observer) {
  if (observer.stop_requested()) gpt::fail(gpt::ErrorCode::interrupted, "stopped on request before the run was done");
}

Inputs read_inputs(const FinetuneRequest& request, Observer& observer) {
  Inputs inputs;
  inputs.task = request.task.make();
  inputs.task->configure(request.task_options);
  inputs.model_path = std::filesystem::absolute(find_model(request.model.string())).lexically_normal();
  for (const auto& file : {request.train_file, request.validation_file, request.mismatched_file, request.test_file})
    if (!file.empty() && !std::filesystem::exists(file))
      gpt::fail(gpt::ErrorCode::not_found, "{}: no such file", file.string());

  inputs.threads = std::make_unique<gpt::Threads>(request.threads);
  observer.stage(fmt::format("loading {}", inputs.model_path.string()));
  const auto tokenizer = gpt::Tokenizer::load(inputs.model_path);
  inputs.tokenizer = with_tokens(tokenizer, inputs.task->new_tokens());
  inputs.model_hash = weights_hash(*gpt::open_weights(inputs.model_path));
  MemoryMeter meter;
  meter.weights_begin();
  inputs.threads->run([&] { inputs.decoder = gpt::Decoder::load(inputs.model_path); });
  meter.weights_end();
  if (inputs.tokenizer != tokenizer)
    add_new_tokens(inputs, static_cast<std::int64_t>(tokenizer->vocabulary_size()), request);
  const gpt::ModelConfig& config = inputs.decoder->config();
  const std::int64_t max_tokens = request.max_tokens < 0 ? inputs.task->usual_max_tokens() : request.max_tokens;
  inputs.max_tokens = max_tokens > 0 ? std::min(max_tokens, config.context) : config.context;
  if (request.max_tokens > config.context)
    observer.notice(fmt::format("--max_seq_length {} is more than the {} tokens of the model; using {}",
                                request.max_tokens, config.context, config.context));
  read_data(inputs, request, observer);
  check_task(*inputs.task, request.task.name);
  if (!inputs.validation)
    if (const std::string left_out = inputs.task->without_validation(); !left_out.empty()) observer.notice(left_out);
  check_stop(observer);
  const std::int64_t program = meter.program();
  inputs.threads->run([&] { make_trainable(inputs, request); });
  inputs.decoder->set_gradient_checkpointing(request.gradient_checkpointing);
  if (request.bf16) set_bfloat16(inputs, request, observer);
  inputs.memory = memory_of(inputs, request, program);
  return inputs;
}

}  // namespace gptask
