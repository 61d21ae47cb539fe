#include "benchmark_plan.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "common_options.h"
#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "gpt/model/files.h"
#include "gpt/tensor/gemm.h"
#include "gptask/toolkit/language_model.h"
#include "gptask/toolkit/pretrain.h"
#include "precision_option.h"
#include "training_options.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;
using RowKind = BenchmarkRow::Kind;
using Names = std::vector<std::string>;

const Names kMeasured = {"training", "evaluation", "prompt", "decoding"};
const Names kTasks = {"language-model", "classification"};
const Names kPrecisions = {"float32", "bfloat16", "int8", "int4"};
const Names kVaried = {"threads", "length", "batch_size"};

/// The names of a list option, each one of `known`.
Names chosen(const gpt::Options& options, const char* option, const Names& known) {
  Names names = options.list(option);
  for (std::string& name : names) {
    if (name == "batch-size") name = "batch_size";
    if (std::find(known.begin(), known.end(), name) == known.end())
      gpt::fail(gpt::ErrorCode::invalid_option, "--{} takes {}, not \"{}\"", option, fmt::join(known, ", "), name);
  }
  return names;
}

bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::int64_t positive(const gpt::Options& options, const char* option, std::int64_t most) {
  const std::int64_t value = options.integer(option);
  if (value < 1 || value > most)
    gpt::fail(gpt::ErrorCode::invalid_option, "--{} must be between 1 and {}, not {}", option, most, value);
  return value;
}

/// What fits the context where the flag was not given; else the flag's value, which must.
std::int64_t within(const gpt::Options& options, const char* option, std::int64_t context) {
  if (!options.given(option)) return std::min(options.integer(option), context);
  return positive(options, option, context);
}

std::vector<std::int64_t> numbers(const gpt::Options& options, const char* option) {
  std::vector<std::int64_t> values;
  for (const std::string& text : options.list(option)) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > 1'000'000)
      gpt::fail(gpt::ErrorCode::invalid_option, "--{} takes whole numbers from 1, not \"{}\"", option, text);
    values.push_back(value);
  }
  return values;
}

class Planner {
 public:
  Planner(const gpt::Options& options, const BenchmarkModel& model, const BenchmarkFacts& facts)
      : options_(options),
        context_(facts.context),
        measured_(chosen(options, "measure", kMeasured)),
        tasks_(chosen(options, "tasks", kTasks)),
        precisions_(chosen(options, "precision", kPrecisions)),
        threads_(facts.threads) {
    const std::string& tuning = options.text("tuning");
    training_.tuning = parse_tuning(!tuning.empty() ? tuning : model.random ? "full" : "lora");
    training_.lora = lora_options(options);
    training_.steps = positive(options, "steps", 10'000);
    training_.checkpointing = options.flag("gradient_checkpointing");
    writing_.rounds = static_cast<int>(positive(options, "rounds", 1000));
    writing_.prompt_tokens = within(options, "prompt_tokens", context_ - 1);
    new_tokens_ = within(options, "new_tokens", context_ - kShortPrompt);
    if (!gpt::hardware_bf16()) std::erase(precisions_, "bfloat16");
  }

  std::vector<BenchmarkRow> rows() {
    for (const char* kind : {"training", "evaluation"})
      if (has(measured_, kind))
        for (const std::string& task : tasks_)
          for (const std::string& precision : precisions_) add_training(kind, task, precision, {}, {});
    for (const std::string& precision : precisions_) {
      add_prompt(precision, writing_.prompt_tokens);
      for (const std::int64_t sequences : numbers(options_, "sequences")) add_decoding(precision, sequences, 1);
      for (const std::int64_t beams : numbers(options_, "num_beams")) add_decoding(precision, 1, beams);
    }
    if (!tasks_.empty() && !precisions_.empty()) vary(chosen(options_, "vary", kVaried));
    if (rows_.empty())
      gpt::fail(
          gpt::ErrorCode::invalid_option,
          "nothing of --measure {}, --tasks {}, --precision {} can be measured together: weights in int8 and int4 "
          "do not train{}; take --precision float32",
          options_.text("measure"), options_.text("tasks"), options_.text("precision"),
          gpt::hardware_bf16() ? "" : ", and this machine has no bfloat16 products");
    return std::move(rows_);
  }

 private:
  static constexpr std::int64_t kShortPrompt = 8;

  void add_training(std::string_view kind, const std::string& task, const std::string& precision,
                    std::optional<std::int64_t> batch, std::optional<std::int64_t> length) {
    if (precision[0] == 'i') return;  // whole numbers do not train
    BenchmarkRow row{kind == "training" ? RowKind::training : RowKind::evaluation, precision, threads_, training_};
    row.training.language_model = task == kTasks[0];
    const bool model = row.training.language_model;
    if (model && training_.tuning == Tuning::head && row.kind == RowKind::training) return;
    const auto usual = [&](const char* option, std::int64_t of_model, std::int64_t of_texts) {
      return options_.given(option) ? options_.integer(option) : std::min(model ? of_model : of_texts, context_);
    };
    if (options_.given("batch_size")) positive(options_, "batch_size", 1'000'000);
    if (options_.given("length")) positive(options_, "length", context_);
    row.training.batch_size = batch.value_or(usual("batch_size", 4, 32));
    row.training.length = length.value_or(usual("length", 256, 32));
    rows_.push_back(std::move(row));
  }

  void add_prompt(const std::string& precision, std::int64_t tokens) {
    if (!has(measured_, "prompt")) return;
    BenchmarkRow row{RowKind::prompt, precision, threads_, {}, writing_};
    row.writing.prompt_tokens = tokens;
    row.writing.new_tokens = 1;
    rows_.push_back(std::move(row));
  }

  void add_decoding(const std::string& precision, std::int64_t sequences, std::int64_t beams) {
    if (!has(measured_, "decoding")) return;
    BenchmarkRow row{RowKind::decoding, precision, threads_, {}, writing_};
    row.writing.prompt_tokens = kShortPrompt;
    row.writing.new_tokens = new_tokens_;
    row.writing.sequences = static_cast<std::int32_t>(sequences);
    row.writing.beams = static_cast<std::int32_t>(beams);
    rows_.push_back(std::move(row));
  }

  /// One thing after the other, for the first task and precision named.
  void vary(const Names& what) {
    const std::string task = tasks_[0], precision = precisions_[0];
    const auto train = [&](std::optional<std::int64_t> batch, std::optional<std::int64_t> length) {
      if (has(measured_, "training")) add_training("training", task, precision, batch, length);
    };
    if (has(what, "threads")) {
      const int all = threads_;
      for (threads_ = 1; threads_ < all; threads_ *= 2) {
        train({}, {});
        add_prompt(precision, writing_.prompt_tokens);
        add_decoding(precision, 1, 1);
      }
      threads_ = all;
    }
    if (has(what, "length"))
      for (const std::int64_t length : numbers(options_, "lengths")) {
        if (length > context_) continue;
        train(1, length);
        if (length < context_) add_prompt(precision, length);
      }
    if (has(what, "batch_size"))
      for (const std::int64_t batch : numbers(options_, "batch_sizes")) {
        train(batch, std::min<std::int64_t>(64, context_));
        add_decoding(precision, batch, 1);
      }
  }

  const gpt::Options& options_;
  std::int64_t context_;
  Names measured_, tasks_, precisions_;
  int threads_;
  TrainingWork training_;
  WritingWork writing_;
  std::int64_t new_tokens_ = 0;
  std::vector<BenchmarkRow> rows_;
};

}  // namespace

std::unique_ptr<gpt::Decoder> BenchmarkModel::load(const std::string& precision, gpt::Threads& threads) const {
  const gpt::Precision held = precision_named(precision);
  if (!random) return load_language_model(name, threads, {}, held).decoder;
  std::unique_ptr<gpt::Decoder> decoder;
  threads.run([&] {
    decoder = gpt::Decoder::create(shape, 1);
    decoder->set_precision(held);
  });
  return decoder;
}

const char* kind_name(RowKind kind) noexcept {
  static constexpr const char* names[] = {"training", "evaluation", "prompt", "decoding"};
  return names[static_cast<std::size_t>(kind)];
}

std::string describe(const BenchmarkRow& row) {
  std::string work;
  const WritingWork& w = row.writing;
  if (row.kind == RowKind::prompt) {
    work = fmt::format("{} tokens", w.prompt_tokens);
  } else if (row.kind == RowKind::decoding) {
    work = w.beams > 1 ? fmt::format("{} beams", w.beams)
                       : fmt::format("{} sequence{}", w.sequences, w.sequences > 1 ? "s" : "");
  } else {
    work = fmt::format("{}, {} x {}", kTasks[row.training.language_model ? 0 : 1], row.training.batch_size,
                       row.training.length);
  }
  return fmt::format("{}: {}, {}, {} threads", kind_name(row.kind), work, row.precision, row.threads);
}

void declare_benchmark_options(gpt::Options& options) {
  declare_language_model_option(options);
  options.declare(
      {"config_name", Kind::text, "",
       "instead of a model: random weights in the shape nano, micro, mini, small, gpt2, or of a config.json"});
  options.declare({"model_type", Kind::text, "llama", "the shape of a size given by name", {"llama", "gpt2"}});
  options.declare({"vocab_size", Kind::integer, "50257", "tokens of a shape given by name"});
  options.declare({"measure", Kind::list, "training,evaluation,prompt,decoding", "what to measure"});
  options.declare(
      {"precision", Kind::list, "float32,bfloat16,int8,int4",
       "how weights are held; only the first two train, and bfloat16 is left out where the machine has none"});
  options.declare(
      {"tasks", Kind::list, "language-model,classification", "what is trained and evaluated", {}, {"task"}});
  options.declare({"tuning", Kind::text, "", "full, lora or head; default lora for --model, full for --config-name"});
  declare_lora_options(options);
  options.declare({"batch_size",
                   Kind::integer,
                   "",
                   "sequences in a training step; default 4 of a language model, 32 of a classifier",
                   {},
                   {"per_device_train_batch_size", "train_batch_size"}});
  options.declare(
      {"length", Kind::integer, "", "tokens of each; default 256 and 32", {}, {"max_seq_length", "block_size"}});
  options.declare({"steps", Kind::integer, "3", "training steps measured, after two that warm up"});
  declare_checkpointing(options);
  options.declare({"prompt_tokens", Kind::integer, "512", "tokens of the prompt that is read"});
  options.declare({"new_tokens", Kind::integer, "32", "tokens written after a short prompt", {}, {"max_new_tokens"}});
  options.declare({"sequences", Kind::list, "1,16", "sequences written at once"});
  options.declare({"num_beams", Kind::list, "4", "beams of a search"});
  options.declare({"rounds", Kind::integer, "3", "times that a prompt is read and continued; the best counts"});
  options.declare(
      {"vary", Kind::list, "",
       "threads, length, batch_size: measure also how speed and memory grow with them, for the first task and "
       "precision named: 1, 2, 4 ... threads; a step of one sequence, and a prompt, of each length; steps of "
       "64 tokens a sequence, and writing, of each batch size"});
  options.declare({"lengths", Kind::list, "64,256,1024,4096", "those that fit the context"});
  options.declare({"batch_sizes", Kind::list, "1,4,16,64", ""});
  declare_threads_option(options);
}

BenchmarkModel benchmark_model(const gpt::Options& options) {
  const std::string& model = options.text("model");
  const std::string& config = options.text("config_name");
  if (model.empty() == config.empty())
    gpt::fail(gpt::ErrorCode::invalid_option, "{}: a model from files, or a shape with random weights",
              model.empty() ? "--model or --config_name is missing" : "give either --model or --config_name");
  if (config.empty()) return {model, false, {}};
  if (std::filesystem::path(config).extension() == ".json")
    return {config, true, gpt::read_model_config(gpt::read_json_file(config), config)};
  BenchmarkModel made{config, true, preset(config, options.text("model_type"))};
  made.shape.vocabulary = positive(options, "vocab_size", 10'000'000);
  return made;
}

std::vector<BenchmarkRow> benchmark_rows(const gpt::Options& options, const BenchmarkModel& model,
                                         const BenchmarkFacts& facts) {
  return Planner(options, model, facts).rows();
}

}  // namespace gptask::app
