// gptask benchmark: how fast a model trains, answers, reads and writes here, beside what the machine can do at best.
#include <fmt/format.h>

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
    "nothing is trained, and causal attention; shares of the bandwidth count the bytes that are read of weights, keys "
    "and values. Nothing else should run meanwhile.",
    "gptask benchmark --model models/mini --precision float32,int8 --threads 2 --vary threads,length"};

Json measure_machine(int threads) {
  gpt::Threads pool(threads);
  const gpt::MachineLimits limits = gpt::measure_limits(pool);
  return {{"threads", pool.count()},
          {"float32_gflops", limits.float32 / 1e9},
          {"bfloat16_gflops", limits.bfloat16 / 1e9},
          {"int8_gops", limits.int8 / 1e9},
          {"memory_gb_per_second", limits.memory / 1e9}};
}

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

/// The best products to compare with: those of whole numbers for weights held in 8 and 4 bits.
double peak_of(const Json& machine, const std::string& precision) {
  const char* const name = precision == "float32"    ? "float32_gflops"
                           : precision == "bfloat16" ? "bfloat16_gflops"
                                                     : "int8_gops";
  return machine.at(name).get<double>();
}

Json training_row(const BenchmarkRow& row, const BenchmarkModel& model, const Json& machine) {
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
               {"gflops", speed.operations / 1e9},
               {"share_of_peak", speed.operations / 1e9 / peak_of(machine, row.precision)},
               {"peak_memory_gb", static_cast<double>(peak_memory()) / 1e9}});
  return json;
}

Json writing_row(const BenchmarkRow& row, const BenchmarkModel& model, const Json& machine) {
  gpt::Threads pool(row.threads);
  const auto decoder = model.load(row.precision, pool);
  const WritingWork& work = row.writing;
  const WritingSpeed speed = measure_writing(*decoder, work, pool);
  Json json = {{"precision", row.precision}, {"threads", row.threads}};
  if (row.kind == Kind::prompt) {
    json.update({{"tokens", work.prompt_tokens},
                 {"tokens_per_second", speed.prompt.tokens_per_second},
                 {"gflops", speed.prompt.operations / 1e9},
                 {"share_of_peak", speed.prompt.operations / 1e9 / peak_of(machine, row.precision)}});
  } else {
    json.update(
        {{"sequences", work.sequences},
         {"beams", work.beams},
         {"tokens_per_second", speed.decoding.tokens_per_second},
         {"gb_per_second", speed.decoding.bytes / 1e9},
         {"share_of_bandwidth", speed.decoding.bytes / 1e9 / machine.at("memory_gb_per_second").get<double>()}});
  }
  json["peak_memory_gb"] = static_cast<double>(peak_memory()) / 1e9;
  return json;
}

/// The machine's limits for each number of threads, measured when a row first needs them.
class Machines {
 public:
  explicit Machines(Progress& progress) : progress_(progress) {}
  const Json& with(int threads) {
    const auto found = known_.find(threads);
    if (found != known_.end()) return found->second;
    progress_.stage(fmt::format("machine: matrix products and memory, {} threads", threads));
    return known_[threads] = in_child("the machine's limits", [&] { return measure_machine(threads); });
  }
  Json all() const {
    Json list = Json::array();
    for (const auto& [threads, limits] : known_) list.push_back(limits);
    return list;
  }

 private:
  Progress& progress_;
  std::map<int, Json> known_;
};

Json measure(const gpt::Options& options, const BenchmarkModel& model, Progress& progress) {
  const int threads = thread_count(options);
  Json output;
  output["model"] = in_child(model.name, [&] { return measure_model(model, threads); });
  const auto rows = benchmark_rows(options, model, {output["model"].at("context"), output["model"].at("threads")});
  Machines machines(progress);
  Json measured;
  for (const BenchmarkRow& row : rows) {
    const Json& machine = machines.with(row.threads);
    const std::string what = describe(row);
    progress.stage(what);
    measured[kind_name(row.kind)].push_back(in_child(what, [&] {
      const bool trains = row.kind == Kind::training || row.kind == Kind::evaluation;
      return trains ? training_row(row, model, machine) : writing_row(row, model, machine);
    }));
  }
  output["machine"] = machines.all();
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
