// gptask benchmark: how fast a model trains, answers, reads and writes here, beside what the machine can do at best.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "arguments.h"
#include "benchmark_plan.h"
#include "benchmark_table.h"
#include "child_process.h"
#include "command.h"
#include "common_options.h"
#include "gpt/tensor/limits.h"
#include "gptask/toolkit/memory.h"
#include "progress.h"
#include "result_output.h"

namespace gptask::app {
namespace {

using Json = nlohmann::ordered_json;
using Kind = BenchmarkRow::Kind;

const Usage usage = {
    "gptask benchmark (--model M | --config-name C) [OPTIONS]",
    "Measures the fastest matrix products and memory reads of this machine, then training steps, evaluation, reading a "
    "prompt and writing, in each precision, each in a process of its own. Shares of the peak count 6 operations for a "
    "token and weight of the blocks and of the output projection where it is used, 4 where weights are frozen, 2 where "
    "nothing is trained, and causal attention, but not what the last block leaves out where only the last token is "
    "read; shares of the bandwidth count the bytes that are read of weights, keys "
    "and values. A share is of what the machine reached just before or after. Nothing else should run meanwhile.",
    "gptask benchmark --model models/mini --precision float32,int8 --threads 2 --vary threads,length"};

Json measure_model(const BenchmarkModel& model, int threads) {
  gpt::Threads pool(threads);
  const auto decoder = model.load("float32", pool);
  std::int64_t parameters = 0;
  for (const gpt::Parameter* p : decoder->parameters()) parameters += p->value.size();
  const gpt::ModelConfig& c = decoder->config();
  const gpt::Decoder::ProductWeights weights = decoder->product_weights();
  return {{"name", model.name},
          {"family", c.family},
          {"parameters", parameters},
          {"block_weights", weights.blocks},
          {"output_weights", weights.output},
          {"layers", c.layers},
          {"hidden", c.hidden},
          {"vocabulary", c.vocabulary},
          {"context", c.context},
          {"threads", pool.count()}};
}

bool trains(const BenchmarkRow& row) { return row.kind == Kind::training || row.kind == Kind::evaluation; }

Json training_row(const BenchmarkRow& row, const BenchmarkModel& model) {
  gpt::Threads pool(row.threads);
  const auto decoder = model.load(row.precision, pool);
  const TrainingWork& work = row.training;
  const bool training = row.kind == Kind::training;
  const Speed speed = training ? measure_training(*decoder, work, pool) : measure_evaluation(*decoder, work, pool);
  Json json = {{"task", work.language_model ? "language-model" : "classification"}};
  if (training) json.update({{"tuning", tuning_name(work.tuning)}, {"gradient_checkpointing", work.checkpointing}});
  json.update({{"precision", row.precision},
               {"threads", row.threads},
               {"batch_size", work.batch_size},
               {"length", work.length},
               {"seconds", speed.seconds},
               {"tokens_per_second", speed.tokens_per_second},
               {"gflops", speed.operations / 1e9}});
  return json;
}

Json writing_row(const BenchmarkRow& row, const BenchmarkModel& model) {
  gpt::Threads pool(row.threads);
  const auto decoder = model.load(row.precision, pool);
  const WritingWork& work = row.writing;
  const WritingSpeed speed = measure_writing(*decoder, work, pool);
  Json json = {{"precision", row.precision}, {"threads", row.threads}};
  if (row.kind == Kind::prompt) {
    json.update({{"tokens", work.prompt_tokens},
                 {"tokens_per_second", speed.prompt.tokens_per_second},
                 {"gflops", speed.prompt.operations / 1e9}});
  } else {
    json.update({{"sequences", work.sequences},
                 {"beams", work.beams},
                 {"tokens_per_second", speed.decoding.tokens_per_second},
                 {"gb_per_second", speed.decoding.bytes / 1e9}});
  }
  return json;
}

/// A limit of the machine by the name under which it is shown, in 10^9 a second.
struct ShownLimit {
  gpt::Limit limit;
  const char* name;
};
constexpr std::array<ShownLimit, 4> kLimits{{{gpt::Limit::float32, "float32_gflops"},
                                             {gpt::Limit::bfloat16, "bfloat16_gflops"},
                                             {gpt::Limit::int8, "int8_gops"},
                                             {gpt::Limit::memory, "memory_gb_per_second"}}};

/// What a row is set beside: memory where tokens are written one by one, else the products of its precision, those of
/// whole numbers for weights held in 8 and 4 bits.
const ShownLimit& limit_of(const BenchmarkRow& row) {
  if (row.kind == Kind::decoding) return kLimits[3];
  return kLimits[row.precision == "float32" ? 0 : row.precision == "bfloat16" ? 1 : 2];
}

/// Measures rows, and the machine's limits for each number of threads that they use. A machine's speed changes with
/// its load and heat: a row is set beside its limit as measured just before and just after it, the faster of the two.
class Machine {
 public:
  explicit Machine(Progress& progress) : progress_(progress) {}

  Json measure(const BenchmarkRow& row, const BenchmarkModel& model) {
    if (fastest_.find(row.threads) == fastest_.end()) {
      progress_.stage(fmt::format("machine: matrix products and memory, {} threads", row.threads));
      fastest_[row.threads] = {{"threads", row.threads}};
      for (const ShownLimit& shown : kLimits) measure_limit(shown, row.threads);
    }
    const std::string what = describe(row);
    progress_.stage(what);
    const ShownLimit& shown = limit_of(row);
    const double before = measure_limit(shown, row.threads);
    Json result = in_child(what, [&] {
      Json measured = trains(row) ? training_row(row, model) : writing_row(row, model);
      measured["peak_memory_gb"] = static_cast<double>(peak_memory()) / 1e9;
      return measured;
    });
    const double limit = std::max(before, measure_limit(shown, row.threads));
    const bool memory = shown.limit == gpt::Limit::memory;
    result[memory ? "limit_gb_per_second" : "limit_gflops"] = limit;
    result[memory ? "share_of_bandwidth" : "share_of_peak"] =
        result.at(memory ? "gb_per_second" : "gflops").get<double>() / limit;
    return result;
  }

  /// The fastest that were measured.
  Json all() const {
    Json list = Json::array();
    for (const auto& [threads, limits] : fastest_) list.push_back(limits);
    return list;
  }

 private:
  double measure_limit(const ShownLimit& shown, int threads) {
    const double measured = in_child("the machine's limits", [&]() -> Json {
                              gpt::Threads pool(threads);
                              return gpt::measure_limit(shown.limit, pool) / 1e9;
                            }).get<double>();
    double& fastest = *fastest_[threads].emplace(shown.name, 0.0).first->get_ptr<double*>();
    fastest = std::max(fastest, measured);
    return measured;
  }

  Progress& progress_;
  std::map<int, Json> fastest_;
};

Json measure(const gpt::Options& options, const BenchmarkModel& model, Progress& progress) {
  const int threads = thread_count(options);
  Json output;
  output["model"] = in_child(model.name, [&] { return measure_model(model, threads); });
  const auto rows = benchmark_rows(options, model, {output["model"].at("context"), output["model"].at("threads")});
  Machine machine(progress);
  Json measured;
  for (const BenchmarkRow& row : rows) measured[kind_name(row.kind)].push_back(machine.measure(row, model));
  output["machine"] = machine.all();
  output.update(measured);
  return output;
}

}  // namespace

int benchmark_command(const std::vector<std::string>& raw) {
  Arguments arguments(raw);
  gpt::Options options;
  declare_common(options);
  declare_benchmark_options(options);
  if (!parse_or_help(arguments, options, usage)) return 0;
  refuse_words(arguments);
  const BenchmarkModel model = benchmark_model(options);
  Progress progress;
  const Json output = measure(options, model, progress);
  if (options.flag("json")) {
    print_json(output);
  } else {
    print_benchmark(output);
  }
  return 0;
}

}  // namespace gptask::app
